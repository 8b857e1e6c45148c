//! Objects in accounts: what a document wants is in every account, and comes back after other people were
//! there.

mod contacts;
mod emergency;
mod emulated;
mod regions;
mod root;
mod simulated;
mod stack_sets;
mod stack_sets_emulated;
