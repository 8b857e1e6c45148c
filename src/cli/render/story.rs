//! What happens in the demo, one line at a time.

use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::cli::render::paint::{Paint, inert};

/// What palisade itself is called.
const SELF: &str = "palisade";

/// A line: when, if that matters, who and what.
pub(crate) fn story_line(when: Option<Timestamp>, who: &str, text: &str, paint: Paint) -> String {
    let time = when.map(|when| {
        let time = when.to_zoned(TimeZone::UTC).strftime("%H:%M:%S  ").to_string();
        paint.dim(&time)
    });
    let column = format!("{who:<9}");
    let column = match who {
        "" => column,
        SELF => paint.good(&column),
        _ => paint.bad(&column),
    };
    format!("{}{column} {}\n", time.unwrap_or_default(), inert(text))
}

/// What a newcomer has to know before it begins.
pub(crate) fn welcome_text(
    accounts: &str,
    address: &str,
    directory: &Path,
    data: &Path,
    paint: Paint,
) -> String {
    let title = format!("palisade demo: a simulated organization of {accounts}, kept as git says.");
    let rows = [
        ("status page", format!("http://{address}/")),
        ("metrics", format!("http://{address}/metrics")),
        ("status", format!("palisade status --url http://{address}")),
        ("desired state", format!("{}   (edit it and watch)", directory.display())),
        ("approve a deletion", format!("palisade approve HASH --data-dir {}", data.display())),
        ("stop", "Ctrl-C".to_owned()),
    ];
    let rows: Vec<String> =
        rows.iter().map(|(name, value)| format!("  {name:<19} {value}\n")).collect();
    format!(
        "{}\n\n{}\nEvery few seconds somebody does something bad. Times are UTC.\n\n",
        paint.bold(&title),
        rows.concat()
    )
}
