//! The one integration test binary: every test against the outside of the program.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod architecture;
mod desired;
