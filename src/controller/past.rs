//! How things stood, for the process after this one: without it a restart would take drift for what was always
//! so, and forget since when. AWS is looked at anew all the same.

use std::io;
use std::path::Path;

use crate::controller::disk::{read, replace};
use crate::status::Report;

const REPORT: &str = "last-report.json";

/// The report of the process before; nothing if there is none that can be read.
pub(in crate::controller) fn recall(data_directory: &Path) -> Option<Report> {
    let path = data_directory.join(REPORT);
    read(&path).unwrap_or_else(|error| {
        let path = path.display();
        tracing::warn!(%path, %error, "how things stood before is not known");
        None
    })
}

/// Leaves `report` for the process after this one.
pub(in crate::controller) fn keep(data_directory: &Path, report: &Report) -> io::Result<()> {
    replace(data_directory, REPORT, &serde_json::to_vec(report)?)
}
