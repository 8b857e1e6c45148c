//! Tests of the policy language: tables of what the AWS pages say, and properties over generated documents.

mod canonical;
mod check;
mod diff;
mod exception;
mod generate;
mod parse;
