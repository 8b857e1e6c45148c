//! The audit journal: one JSON line a change, handed to the operating system before the next change.
//!
//! What leaves no trace is not done: while the journal cannot be written, nothing is changed. An entry
//! that could not be written is kept and written before any other.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::Serialize;

use crate::act::{Entry, Journal, JournalError};
use crate::clock::Clock;
use crate::config::JournalTarget;
use crate::controller::events::{Attributions, LateAttribution, OwnRequests};
use crate::org::DocumentRef;
use crate::status::Attribution;

/// A journal in a file, on standard output, or nowhere.
#[derive(Debug)]
pub struct LineJournal {
    clock: Clock,
    own: Arc<OwnRequests>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    sink: Sink,
    revision: Option<String>,
    /// Who made the changes necessary that are made now, by object.
    attributions: Attributions,
    /// Bytes that have still to be written. Bounded by what is in flight when writing first fails.
    pending: Vec<u8>,
    /// Why the last attempt failed, if it did.
    failure: Option<String>,
}

#[derive(Debug)]
enum Sink {
    Nowhere,
    StandardOutput,
    File(File),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    time: Timestamp,
    revision: Option<&'a str>,
    #[serde(flatten)]
    entry: &'a Entry,
    /// Who made it necessary.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<&'a Attribution>,
}

/// Who made an earlier change necessary, told when it became known.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LateLine<'a> {
    time: Timestamp,
    revision: Option<&'a str>,
    action: &'static str,
    object: &'a str,
    document: &'a DocumentRef,
    since: Timestamp,
    by: &'a Attribution,
    outcome: &'static str,
}

impl LineJournal {
    /// Opens a journal. A file is created, or written to at its end, never truncated; that it can be
    /// written is tried at once, with a space, which no reader of JSON minds.
    pub fn open(target: &JournalTarget, clock: Clock) -> io::Result<Self> {
        let sink = match target {
            JournalTarget::Nowhere => Sink::Nowhere,
            JournalTarget::StandardOutput => Sink::StandardOutput,
            JournalTarget::File(path) => Sink::File(append(path)?),
        };
        let state = State {
            sink,
            revision: None,
            attributions: Attributions::new(),
            pending: Vec::new(),
            failure: None,
        };
        let own = Arc::new(OwnRequests::since(clock.now()));
        let journal = Self { clock, own, state: Mutex::new(state) };
        if let JournalTarget::File(_) = target {
            let mut state = journal.lock();
            state.pending = b" ".to_vec();
            // A full disk is no reason not to observe; `check` keeps anything from being changed.
            let _shown_later = state.flush();
        }
        Ok(journal)
    }

    /// The git revision that the next entries are about.
    pub fn set_revision(&self, revision: Option<&str>) {
        self.lock().revision = revision.map(str::to_owned);
    }

    /// Who made the changes necessary that come next, by object.
    pub(in crate::controller) fn set_attributions(&self, attributions: Attributions) {
        self.lock().attributions = attributions;
    }

    /// The requests of this process.
    pub(in crate::controller) fn own_requests(&self) -> Arc<OwnRequests> {
        Arc::clone(&self.own)
    }

    /// Writes down who made an earlier change necessary.
    pub(in crate::controller) fn record_late(
        &self,
        late: &LateAttribution,
    ) -> Result<(), JournalError> {
        let mut state = self.lock();
        let LateAttribution { document, object, change, since, by } = late;
        let line = LateLine {
            time: self.clock.now(),
            revision: state.revision.as_deref(),
            action: change,
            object,
            document,
            since: *since,
            by,
            outcome: "attributed",
        };
        let bytes = serde_json::to_vec(&line).map_err(|error| JournalError(error.into()))?;
        state.append(bytes)
    }

    /// Why the journal cannot be written, if it cannot.
    pub fn failure(&self) -> Option<String> {
        self.lock().failure.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Journal for LineJournal {
    fn check(&self) -> Result<(), JournalError> {
        self.lock().flush().map_err(JournalError)
    }

    fn record(&self, entry: &Entry) -> Result<(), JournalError> {
        if let Some(id) = &entry.request_id {
            self.own.note(id);
        }
        let mut state = self.lock();
        let line = Line {
            time: self.clock.now(),
            revision: state.revision.as_deref(),
            entry,
            by: state.attributions.get(&entry.object),
        };
        let bytes = serde_json::to_vec(&line).map_err(|error| JournalError(error.into()))?;
        state.append(bytes)
    }
}

impl State {
    fn append(&mut self, mut line: Vec<u8>) -> Result<(), JournalError> {
        line.push(b'\n');
        self.pending.append(&mut line);
        self.flush().map_err(JournalError)
    }

    /// Writes what is pending, and remembers how far it came: a line is never written twice or torn.
    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.write();
        self.failure = flushed.as_ref().err().map(ToString::to_string);
        flushed
    }

    fn write(&mut self) -> io::Result<()> {
        while !self.pending.is_empty() {
            let written = match self.sink.write(&self.pending) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => written,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            self.pending.drain(..written);
        }
        self.sink.flush()
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Nowhere => Ok(bytes.len()),
            Self::StandardOutput => io::stdout().write(bytes),
            Self::File(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Nowhere => Ok(()),
            Self::StandardOutput => io::stdout().flush(),
            Self::File(file) => file.flush(),
        }
    }
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use jiff::Timestamp;
    use serde_json::Value;

    use super::{LineJournal, Sink};
    use crate::act::{Entry, Journal, Outcome};
    use crate::clock::Clock;
    use crate::config::JournalTarget;
    use crate::org::DocumentRef;

    fn entry(object: &str) -> Entry {
        Entry {
            action: "AttachPolicy",
            object: object.into(),
            step: None,
            document: DocumentRef { kind: "TagPolicy".into(), name: "cost".into() },
            guardrails: [].into(),
            reason: "it is not attached".into(),
            before: None,
            after: Some(Value::Null),
            request_id: Some("r-1".into()),
            outcome: Outcome::Refused("denied".into()),
        }
    }

    fn open(path: &Path) -> LineJournal {
        let clock = Clock::starting_at(Timestamp::UNIX_EPOCH);
        LineJournal::open(&JournalTarget::File(path.to_owned()), clock).unwrap()
    }

    fn lines(path: &Path) -> Vec<Value> {
        let text = fs::read_to_string(path).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_line_says_when_what_why_and_what_came_of_it() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("journal");
        let journal = open(&path);
        journal.set_revision(Some("abc"));
        journal.record(&entry("p-1 on ou-1")).unwrap();
        assert_eq!(
            lines(&path),
            [serde_json::json!({
                "time": "1970-01-01T00:00:00Z",
                "revision": "abc",
                "action": "AttachPolicy",
                "object": "p-1 on ou-1",
                "document": { "kind": "TagPolicy", "name": "cost" },
                "reason": "it is not attached",
                "before": null,
                "after": null,
                "requestId": "r-1",
                "outcome": "refused",
                "detail": "denied",
            })]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_journal_is_continued_and_never_truncated() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("journal");
        for object in ["one", "two"] {
            open(&path).record(&entry(object)).unwrap();
        }
        let objects: Vec<_> = lines(&path).iter().map(|line| line["object"].clone()).collect();
        assert_eq!(objects, ["one", "two"]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_could_not_be_written_is_written_before_anything_else() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("journal");
        let journal = open(Path::new("/dev/full"));
        assert!(journal.check().is_err(), "a full disk is noticed before the first change");
        assert!(journal.record(&entry("one")).is_err());
        assert!(journal.failure().unwrap().contains("No space left"));
        assert!(journal.check().is_err());
        journal.lock().sink = Sink::File(super::append(&path).unwrap());
        journal.check().unwrap();
        assert_eq!(journal.failure(), None);
        journal.record(&entry("two")).unwrap();
        let objects: Vec<_> = lines(&path).iter().map(|line| line["object"].clone()).collect();
        assert_eq!(objects, ["one", "two"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_journal_that_cannot_be_opened_is_an_error() {
        let target = JournalTarget::File("/does/not/exist/journal".into());
        assert!(LineJournal::open(&target, Clock::System).is_err());
    }
}
