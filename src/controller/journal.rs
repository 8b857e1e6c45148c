//! The audit journal: one JSON line a change, handed to the operating system before the next change.
//!
//! What leaves no trace is not done: while the journal cannot be written, nothing is changed. An entry
//! that could not be written is kept and written before any other.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::Serialize;

use crate::act::{Entry, Journal, JournalError};
use crate::clock::Clock;
use crate::config::JournalTarget;

/// A journal in a file, on standard output, or nowhere.
#[derive(Debug)]
pub struct LineJournal {
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    sink: Sink,
    revision: Option<String>,
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
        let state = State { sink, revision: None, pending: Vec::new(), failure: None };
        let journal = Self { clock, state: Mutex::new(state) };
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
        let mut state = self.lock();
        let line = Line { time: self.clock.now(), revision: state.revision.as_deref(), entry };
        let mut bytes = serde_json::to_vec(&line).map_err(|error| JournalError(error.into()))?;
        bytes.push(b'\n');
        state.pending.append(&mut bytes);
        state.flush().map_err(JournalError)
    }
}

impl State {
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
