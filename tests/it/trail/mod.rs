//! The organization's trail: it is as the document says, and becomes so again after other people were there.

mod emulated;
mod key_emulated;
