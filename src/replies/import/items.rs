//! The items of a list, one after the other.

use std::io::BufRead;

use super::json::entry;
use super::scan::{Scanned, Scanner, Stop};
use super::{Each, Entry, Found, Limits};

/// Returns whether any item of a list is like this.
pub(super) fn any(list: &[u8], is_like: impl Fn(&[u8]) -> bool) -> std::io::Result<bool> {
    let mut found = false;
    let mut scanner = Scanner::new(list)?;
    let ended = scanner.list(&mut |scanner| {
        found = is_like(&scanner.value(list.len())?.bytes);
        Ok(!found)
    });
    match ended {
        Err(Stop::Io(error)) => Err(error),
        _ => Ok(found),
    }
}

/// Gives the items of a list. An item that is too long is named and passed over.
pub(super) fn read(
    reader: impl BufRead,
    limits: Limits,
    each: &mut Each<'_>,
) -> std::io::Result<()> {
    let most = limits.line_bytes();
    let mut at = 0_u64;
    let ended = all(reader, most, &mut at, limits, each);
    let why = match ended {
        Ok(()) => return Ok(()),
        Err(Stop::Io(error)) => return Err(error),
        Err(Stop::Malformed(why)) => format!("the list is cut or malformed: {why}"),
    };
    let place = format!("item {at}");
    let found = Found::Bad(why);
    let _ = each(Entry { place, found });
    Ok(())
}

fn all(
    reader: impl BufRead,
    most: usize,
    at: &mut u64,
    limits: Limits,
    each: &mut Each<'_>,
) -> Scanned<()> {
    let mut scanner = Scanner::new(reader)?;
    let is_whole = scanner.list(&mut |scanner| {
        let item = scanner.value(most)?;
        let place = format!("item {at}");
        *at += 1;
        let next = match item.is_cut {
            true => {
                let found = Found::Bad(format!("the item is longer than {most} bytes"));
                each(Entry { place, found })
            }
            false => entry(place, &item.bytes, limits, each),
        };
        Ok(next.is_continue())
    })?;
    match is_whole && scanner.peek()?.is_some_and(|byte| byte != 0) {
        true => Err(Stop::Malformed("something stands after its end".to_owned())),
        false => Ok(()),
    }
}
