//! HAR 1.2 and 1.3: what a browser or a proxy recorded. The entries are read one after the other, and each without types: an
//! odd one is named, and does not end the file.

mod entry;

use std::io::BufRead;

use self::entry::Recorded;
use super::scan::{Scanned, Scanner, Stop};
use super::{Each, Entry, Found, Limits};

/// Reads the entries.
pub(super) fn read(
    reader: impl BufRead,
    limits: Limits,
    each: &mut Each<'_>,
) -> std::io::Result<()> {
    let mut scanner = Scanner::new(reader)?;
    let mut state = State {
        limits,
        each,
        entries: 0,
        has_list: false,
        is_over: false,
    };
    let ended = all(&mut scanner, &mut state);
    let why = match ended {
        _ if state.is_over => return Ok(()),
        Ok(()) if state.has_list => return Ok(()),
        Ok(()) => "the file has no list `entries` in `log`, so it is no HAR".to_owned(),
        Err(Stop::Io(error)) => return Err(error),
        Err(Stop::Malformed(why)) => format!("the file is cut or is no HAR: {why}"),
    };
    let place = format!("entry {}", state.entries + 1);
    let found = Found::Bad(why);
    let _ = (state.each)(Entry { place, found });
    Ok(())
}

struct State<'s, 'e> {
    limits: Limits,
    each: &'s mut Each<'e>,
    entries: u64,
    /// There is a list of entries.
    has_list: bool,
    /// The taker has enough.
    is_over: bool,
}

/// Reads one capture after the other: tools join files.
fn all<R: BufRead>(scanner: &mut Scanner<R>, state: &mut State<'_, '_>) -> Scanned<()> {
    loop {
        file(scanner, state)?;
        match scanner.peek_document()? {
            None | Some(0) => return Ok(()),
            Some(b'{') if state.has_list => state.has_list = false,
            Some(_) => return Err(Stop::Malformed("something stands after its end".to_owned())),
        }
    }
}

fn file<R: BufRead>(scanner: &mut Scanner<R>, state: &mut State<'_, '_>) -> Scanned<()> {
    scanner.object(&mut |scanner, key| match key {
        "log" => scanner.object(&mut |scanner, key| match key {
            "entries" => entries(scanner, state),
            _ => scanner.value(0).map(drop),
        }),
        _ => scanner.value(0).map(drop),
    })
}

fn entries<R: BufRead>(scanner: &mut Scanner<R>, state: &mut State<'_, '_>) -> Scanned<()> {
    let is_whole = scanner.list(&mut |scanner| {
        state.has_list = true;
        let depth = scanner.depth();
        let found = match Recorded::read(scanner, state.limits) {
            Ok(recorded) => recorded.found(state.limits),
            Err(Stop::Malformed(why)) if scanner.depth() > depth => {
                // The end of the file here is no matter of this entry.
                scanner.leave(depth)?;
                Found::Bad(format!("the entry is malformed: {why}"))
            }
            Err(why) => return Err(why),
        };
        state.entries += 1;
        let place = format!("entry {}", state.entries);
        state.is_over = (state.each)(Entry { place, found }).is_break();
        Ok(!state.is_over)
    })?;
    state.has_list = true;
    match is_whole {
        true => Ok(()),
        false => Err(Stop::Malformed("enough".to_owned())),
    }
}
