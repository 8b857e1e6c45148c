//! How things look: the only place that formats or colours.

mod diff;
mod paint;
mod plan_markdown;
mod plan_text;
mod problems;
mod words;

pub(crate) use crate::cli::render::diff::Extent;
pub(crate) use crate::cli::render::paint::Paint;
pub(crate) use crate::cli::render::plan_markdown::plan_markdown;
pub(crate) use crate::cli::render::plan_text::plan_text;
pub(crate) use crate::cli::render::problems::{problems_json, problems_text};
pub(crate) use crate::cli::render::words::Effect;
