//! One event after the other out of a stream of bytes, whatever they are packed in.
//!
//! CloudTrail's files hold `{"Records": […]}`, exports hold one event a line, `aws cloudtrail
//! lookup-events` prints `{"Events": […]}`, and some tools a plain list. All of it is read in bounded
//! memory; an event that cannot be read is skipped by its brackets and counted.

use std::io;
use std::io::Read;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::replay::event::Event;

/// How much is read at once. Events have about 2 kB, so that one in 500 is read twice.
const CHUNK_BYTES: usize = 1024 * 1024;

/// Largest event. CloudTrail records at most 1 MB.
const EVENT_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Keys under which the first value of a file holds its events.
const WRAPPERS: [&[u8]; 2] = [b"\"Records\"", b"\"Events\""];

/// What a stream held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Counts {
    /// Events that were read.
    pub(super) events: u64,
    /// Things that are no events, or broken.
    pub(super) malformed: u64,
    /// Bytes.
    pub(super) bytes: u64,
}

/// A stream of events.
pub(super) struct Records<R> {
    input: R,
    buffer: Vec<u8>,
    /// The first byte of the buffer that has not been used.
    at: usize,
    /// Has the input ended?
    ended: bool,
    counts: Counts,
}

/// Where the stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Between values.
    Top,
    /// In a list that is the whole value.
    List,
    /// In the list of a wrapper.
    Wrapped,
}

impl<R: Read> Records<R> {
    /// The events of `input`.
    pub(super) fn new(input: R) -> Self {
        Self { input, buffer: Vec::new(), at: 0, ended: false, counts: Counts::default() }
    }

    /// Hands every event to `take`.
    pub(super) fn read(mut self, take: &mut dyn FnMut(&Event<'_>)) -> io::Result<Counts> {
        let mut place = Place::Top;
        while let Some(byte) = self.next_byte()? {
            match (byte, place) {
                (b'{', Place::Top) if self.enters_wrapper()? => place = Place::Wrapped,
                (b'{', _) => self.event(take)?,
                (b'[', Place::Top) => {
                    self.at += 1;
                    place = Place::List;
                }
                (b']', Place::List) => {
                    self.at += 1;
                    place = Place::Top;
                }
                (b']', Place::Wrapped) => {
                    self.at += 1;
                    self.skip(1)?;
                    place = Place::Top;
                }
                (_, _) => self.skip_word()?,
            }
        }
        // A list that does not end was cut off: the event it was cut in is counted by itself.
        if place != Place::Top {
            self.counts.malformed += 1;
        }
        Ok(self.counts)
    }

    /// The next byte that is neither space nor a comma nor a mark of byte order; nothing at the end.
    fn next_byte(&mut self) -> io::Result<Option<u8>> {
        loop {
            let rest = &self.buffer[self.at..];
            let is_between =
                |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b',' | 0xef | 0xbb | 0xbf);
            if let Some(offset) = rest.iter().position(|byte| !is_between(byte)) {
                self.at += offset;
                return Ok(Some(self.buffer[self.at]));
            }
            self.at = self.buffer.len();
            if !self.fill()? {
                return Ok(None);
            }
        }
    }

    /// Takes `{"Records": [`, if that is what comes.
    fn enters_wrapper(&mut self) -> io::Result<bool> {
        const OPENING_BYTES_MAX: usize = 256;
        while self.buffer.len() - self.at < OPENING_BYTES_MAX && self.fill()? {}
        let opening = &self.buffer[self.at..];
        let opened = WRAPPERS.iter().find_map(|key| {
            let rest = opening.strip_prefix(b"{")?.trim_ascii_start();
            let rest = rest.strip_prefix(*key)?.trim_ascii_start();
            let rest = rest.strip_prefix(b":")?.trim_ascii_start();
            rest.strip_prefix(b"[").map(<[u8]>::len)
        });
        if let Some(left) = opened {
            self.at = self.buffer.len() - left;
        }
        Ok(opened.is_some())
    }

    fn event(&mut self, take: &mut dyn FnMut(&Event<'_>)) -> io::Result<()> {
        loop {
            let rest = &self.buffer[self.at..];
            let mut reader = serde_json::Deserializer::from_slice(rest);
            let read = Event::deserialize(&mut reader);
            match read {
                Ok(event) => {
                    let is_event = event.unpack(take);
                    self.at += reader.into_iter::<IgnoredAny>().byte_offset();
                    self.count(is_event);
                    return Ok(());
                }
                Err(error) if error.is_eof() && rest.len() < EVENT_BYTES_MAX => {
                    if !self.fill()? {
                        self.at = self.buffer.len();
                        self.count(false);
                        return Ok(());
                    }
                }
                Err(_) => {
                    self.count(false);
                    return self.skip(0);
                }
            }
        }
    }

    fn count(&mut self, is_event: bool) {
        if is_event {
            self.counts.events += 1;
        } else {
            self.counts.malformed += 1;
        }
    }

    /// Skips to the end of a value that is open `depth` brackets deep.
    fn skip(&mut self, mut depth: usize) -> io::Result<()> {
        let (mut is_string, mut is_escaped) = (false, false);
        loop {
            while let Some(byte) = self.buffer.get(self.at) {
                self.at += 1;
                match byte {
                    _ if is_escaped => is_escaped = false,
                    b'\\' if is_string => is_escaped = true,
                    b'"' => is_string = !is_string,
                    // No string of JSON goes over a line: the value was cut off.
                    b'\n' if is_string => return Ok(()),
                    b'{' | b'[' if !is_string => depth += 1,
                    b'}' | b']' if !is_string => {
                        depth = depth.saturating_sub(1);
                        if depth == 0 {
                            return Ok(());
                        }
                    }
                    _ => {}
                }
            }
            if !self.fill()? {
                return Ok(());
            }
        }
    }

    /// Skips the rest of a line that begins with what no event begins with.
    fn skip_word(&mut self) -> io::Result<()> {
        self.count(false);
        loop {
            let rest = &self.buffer[self.at..];
            if let Some(offset) = rest.iter().position(|byte| *byte == b'\n') {
                self.at += offset + 1;
                return Ok(());
            }
            self.at = self.buffer.len();
            if !self.fill()? {
                return Ok(());
            }
        }
    }

    /// Reads on; says whether there was anything.
    fn fill(&mut self) -> io::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        self.buffer.drain(..self.at);
        self.at = 0;
        let before = self.buffer.len();
        let mut chunk = self.input.by_ref().take(CHUNK_BYTES as u64);
        let read = chunk.read_to_end(&mut self.buffer)?;
        self.counts.bytes += read as u64;
        self.ended = read == 0;
        Ok(self.buffer.len() > before)
    }
}
