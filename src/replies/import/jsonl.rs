//! Lines of JSON: one reply on each line, with or without its request beside it.

use std::io::{BufRead, Read};
use std::ops::ControlFlow;

use super::items::entry;
use super::unpack::may_go_on;
use super::{Each, Entry, Found, Limits};

/// Reads the lines. A line that is too long, and damage of the file, are named and passed over.
pub(super) fn read(
    mut reader: impl BufRead,
    limits: Limits,
    each: &mut Each<'_>,
) -> std::io::Result<()> {
    let (mut line, most) = (Vec::new(), limits.line_bytes());
    for number in 1_u64.. {
        line.clear();
        let read = (&mut reader)
            .take(most as u64 + 1)
            .read_until(b'\n', &mut line);
        if let Ok(0) = read {
            break;
        }
        let place = format!("line {number}");
        let mut ended = read.map(drop);
        let next = if line.len() > most {
            ended = ended.and_then(|()| pass_over(&mut reader));
            line.shrink_to(1 << 20);
            let why = format!("the line is longer than {most} bytes");
            each(Entry {
                place,
                found: Found::Bad(why),
            })
        } else {
            let text = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&line);
            match text.trim_ascii() {
                [] => ControlFlow::Continue(()),
                text => entry(place, text, limits, each),
            }
        };
        if next.is_break() {
            break;
        }
        match ended {
            Ok(()) => {}
            Err(error) if may_go_on(&error) => {
                let place = format!("after line {number}");
                let found = Found::Bad(format!("the file is damaged: {error}"));
                if each(Entry { place, found }).is_break() {
                    break;
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Reads to the end of the line without keeping it.
fn pass_over(reader: &mut impl BufRead) -> std::io::Result<()> {
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok(());
        }
        let end = memchr::memchr(b'\n', buffer);
        let used = end.map_or(buffer.len(), |at| at + 1);
        reader.consume(used);
        if end.is_some() {
            return Ok(());
        }
    }
}
