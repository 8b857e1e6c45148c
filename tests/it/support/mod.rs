//! What the tests stand on.

pub(crate) mod emulator;
pub(crate) mod site;
