//! `palisade observe`: the organization as it is, written down.

use crate::cli::args::{DataFormat, ObserveArgs};
use crate::cli::aws::{Connection, runtime};
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::render::{counted, snapshot_text};
use crate::cli::sources;
use crate::observe;

pub(crate) fn run(args: &ObserveArgs, console: Console) -> anyhow::Result<Exit> {
    let desired =
        args.dir.exists().then(|| sources::desired_state(&args.dir, console)).transpose()?;
    let resources = desired.as_ref().map(|desired| &desired.resources);
    let (snapshot, requests) = runtime()?.block_on(async {
        let connection = Connection::open(&args.aws).await;
        let observation = sources::observe_all_and_objects(&connection.cloud, resources);
        let snapshot = connection.progress(console).during(observation).await;
        (snapshot, connection.requests())
    });
    if let Some(file) = &args.out {
        observe::write(&snapshot, file)?;
        let requests = counted(usize::try_from(requests)?, "request");
        console.say(&format!("wrote `{}` after {requests} to AWS", file.display()));
    }
    match (args.output, &args.out) {
        (DataFormat::Text, _) => console.data(&snapshot_text(&snapshot))?,
        (DataFormat::Json, None) => console.data(&observe::render(&snapshot)?)?,
        (DataFormat::Json, Some(_)) => {}
    }
    let unknown = snapshot.unknown_by_reason();
    for (parts, why) in &unknown {
        let more = match parts.len() {
            0 | 1 => String::new(),
            count => format!(" and {} more", count - 1),
        };
        let part = parts.first().map_or("a part", String::as_str);
        console.say(&format!(
            "{} {part}{more} could not be read: {why}",
            console.word_paint.warn("warning:")
        ));
    }
    Ok(if unknown.is_empty() { Exit::Good } else { Exit::Bad })
}
