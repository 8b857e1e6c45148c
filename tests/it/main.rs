//! The one integration test binary: every test against the outside of the program.

mod architecture;
mod cli;
mod desired;
mod planning;
mod scenarios;
