//! `palisade simulate`: requests in, verdicts out, one JSON object a line, in order.
//!
//! Streams: memory does not grow with the input. What a line says is not trusted: whatever it holds
//! it gets an answer or an error of its own, and the next line is read.

mod documents;
mod lines;
mod policies;
mod reply;
mod wire;

use std::fs::File;
use std::io;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;

use anyhow::Context;

use crate::cli::args::SimulateArgs;
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::guardrails;
use crate::cli::simulate::lines::{Read as LineRead, next_line};
use crate::cli::simulate::policies::Policies;
use crate::cli::simulate::reply::{Failure, Reply};
use crate::cli::simulate::wire::{Line, id_of};
use crate::effective::Effective;

/// How much is read and written at once.
const BUFFER_BYTES: usize = 256 * 1024;

pub(crate) fn run(args: &SimulateArgs, console: Console) -> anyhow::Result<Exit> {
    let effective = match (&args.dir, &args.snapshot) {
        (None, None) => None,
        (dir, snapshot) => {
            Some(guardrails::offline(dir.as_deref(), snapshot.as_deref(), console)?.effective)
        }
    };
    let input: Box<dyn Read> = if args.file == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        let opened = File::open(&args.file);
        Box::new(opened.with_context(|| format!("cannot read `{}`", args.file.display()))?)
    };
    let mut input = BufReader::with_capacity(BUFFER_BYTES, input);
    let mut output = BufWriter::with_capacity(BUFFER_BYTES, console.data_stream());
    match answer_all(effective, &mut input, &mut output) {
        Err(Trouble::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Exit::Good),
        Err(Trouble::Write(error)) => Err(error).context("cannot write the answers"),
        Err(Trouble::Read(error)) => Err(error).context("cannot read the requests"),
        Ok(0) => Ok(Exit::Good),
        Ok(_) => Ok(Exit::Bad),
    }
}

/// What ends everything.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The input cannot be read.
    Read(io::Error),
    /// The output cannot be written.
    Write(io::Error),
}

/// Answers every line; returns how many had errors.
pub(crate) fn answer_all(
    effective: Option<Effective>,
    input: &mut BufReader<impl Read>,
    output: &mut impl Write,
) -> Result<usize, Trouble> {
    let mut policies = Policies::new(effective);
    let mut line = Vec::new();
    let mut failures = 0;
    loop {
        let answered = match next_line(input, &mut line).map_err(Trouble::Read)? {
            LineRead::End => break,
            LineRead::Line => answer(&line, &mut policies, output),
            LineRead::TooLong(message) => write_failure(None, message, output),
        };
        failures += usize::from(answered.map_err(Trouble::Write)? == Answered::WithError);
        // Whoever writes a line and waits for its answer gets it.
        if input.buffer().is_empty() {
            output.flush().map_err(Trouble::Write)?;
        }
    }
    output.flush().map_err(Trouble::Write)?;
    Ok(failures)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answered {
    WithVerdict,
    WithError,
}

fn answer(line: &[u8], policies: &mut Policies, output: &mut impl Write) -> io::Result<Answered> {
    let text = match std::str::from_utf8(line) {
        Ok(text) if text.trim().is_empty() => return Ok(Answered::WithVerdict),
        Ok(text) => text,
        Err(error) => {
            let message = format!("not UTF-8: see byte {}", error.valid_up_to() + 1);
            return write_failure(None, message, output);
        }
    };
    let read = Line::read(text).and_then(|line| {
        let request = line.request.read()?;
        let bindings = policies.of(&line, &request)?;
        Ok((line, request, bindings))
    });
    match read {
        Err(message) => write_failure(id_of(text), message, output),
        Ok((line, request, bindings)) => {
            let reply = Reply::new(line.id, bindings.decide(&request));
            write_line(&reply, output)?;
            Ok(Answered::WithVerdict)
        }
    }
}

fn write_failure(
    id: Option<&serde_json::value::RawValue>,
    error: String,
    output: &mut impl Write,
) -> io::Result<Answered> {
    write_line(&Failure { id, error }, output)?;
    Ok(Answered::WithError)
}

fn write_line(value: &impl serde::Serialize, output: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer(&mut *output, value)?;
    output.write_all(b"\n")
}
