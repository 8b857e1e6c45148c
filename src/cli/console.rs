//! Where a command speaks: data on standard output, words on standard error.

use std::io;
use std::io::{IsTerminal, Write};

use crate::cli::args::ColorChoice;
use crate::cli::render::Paint;

/// Both streams, and whether each takes colour.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Console {
    /// For what goes to standard output.
    pub(crate) data_paint: Paint,
    /// For what goes to standard error.
    pub(crate) word_paint: Paint,
    voice: Voice,
}

/// Where text really goes.
#[derive(Debug, Clone, Copy)]
enum Voice {
    /// To the streams of the process.
    Streams,
    /// Nowhere: the test harness cannot catch what is written to the streams.
    #[cfg(test)]
    Nowhere,
}

impl Console {
    /// A console that colours as `choice` says.
    pub(crate) fn new(choice: ColorChoice) -> Self {
        let paint = |is_terminal: bool| match choice {
            ColorChoice::Always => Paint::Colour,
            ColorChoice::Auto if is_terminal => Paint::Colour,
            ColorChoice::Auto | ColorChoice::Never => Paint::Plain,
        };
        Self {
            data_paint: paint(io::stdout().is_terminal()),
            word_paint: paint(io::stderr().is_terminal()),
            voice: Voice::Streams,
        }
    }

    /// A console that nobody hears.
    #[cfg(test)]
    pub(crate) fn muted() -> Self {
        Self { voice: Voice::Nowhere, ..Self::new(ColorChoice::Never) }
    }

    /// Writes data. A reader that has gone away, such as `head`, has seen enough: no failure.
    pub(crate) fn data(self, text: &str) -> io::Result<()> {
        self.is_heard(text).map(drop)
    }

    /// Where data goes that is too much to be held: written piece by piece, a broken pipe included.
    pub(crate) fn data_stream(self) -> Box<dyn Write> {
        match self.voice {
            Voice::Streams => Box::new(io::stdout().lock()),
            #[cfg(test)]
            Voice::Nowhere => Box::new(io::sink()),
        }
    }

    /// Writes data, and says whether anybody is still reading.
    pub(crate) fn is_heard(self, text: &str) -> io::Result<bool> {
        match self.voice {
            Voice::Streams => {}
            #[cfg(test)]
            Voice::Nowhere => return Ok(true),
        }
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Do the words go to a terminal?
    pub(crate) fn is_watched(self) -> bool {
        match self.voice {
            Voice::Streams => io::stderr().is_terminal(),
            #[cfg(test)]
            Voice::Nowhere => false,
        }
    }

    /// Writes one line of words.
    pub(crate) fn say(self, text: &str) {
        self.ask(&format!("{text}\n"));
    }

    /// Writes a question: the answer is typed on the same line.
    pub(crate) fn ask(self, question: &str) {
        match self.voice {
            Voice::Streams => {}
            #[cfg(test)]
            Voice::Nowhere => return,
        }
        let mut err = io::stderr().lock();
        // Words nobody can read are not worth failing for.
        let _ = err.write_all(question.as_bytes()).and_then(|()| err.flush());
    }

    /// Says what went wrong, causes included.
    pub(crate) fn error(self, error: &anyhow::Error) {
        self.say(&format!("{} {error:#}", self.word_paint.bad("error:")));
    }
}
