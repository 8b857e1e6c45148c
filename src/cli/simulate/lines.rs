//! Lines of bounded length. Knows nothing of what is in them.

use std::io;
use std::io::{BufRead, Read as _};

/// Longest line. Seven levels of ten policies of 10,240 characters, every character escaped, are
/// 4 MB; the rest is room for the request.
const LINE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What has been read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// A line, without its end.
    Line,
    /// A line that is too long, skipped.
    TooLong(String),
    /// Nothing more.
    End,
}

/// Reads the next line into `line`.
pub(super) fn next_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Read> {
    line.clear();
    // One huge line must not keep its memory.
    line.shrink_to(1024 * 1024);
    let limit = LINE_BYTES_MAX as u64 + 1;
    if input.take(limit).read_until(b'\n', line)? == 0 {
        return Ok(Read::End);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
    } else if line.len() > LINE_BYTES_MAX {
        input.skip_until(b'\n')?;
        return Ok(Read::TooLong(format!("the line is longer than {LINE_BYTES_MAX} bytes")));
    }
    Ok(Read::Line)
}
