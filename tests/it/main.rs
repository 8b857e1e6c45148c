//! The one integration test binary: every test against the outside of the program.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod architecture;
mod browser;
mod catalog;
mod cli;
mod conformance;
mod corpus;
mod daemon;
mod deploy;
mod desired;
mod differential;
mod emulator;
mod end_to_end;
mod estate;
mod events;
mod helm;
mod judging;
mod live;
mod monitoring;
mod observation;
mod permissions;
mod planning;
mod public;
mod replicas;
mod scenarios;
mod settings;
mod simulation;
mod sized;
mod support;
mod templates;
mod trail;
