//! The items of a list, one after the other.

use std::io::BufRead;
use std::ops::ControlFlow;

use super::scan::{Scanned, Scanner, Stop};
use super::value::{is_reply, one};
use super::{Each, Entry, Found, Limits};

/// Returns whether any item of a list is a reply; false for what is no list.
pub(super) fn are_replies(list: &[u8]) -> bool {
    let mut found = false;
    if let Ok(mut scanner) = Scanner::new(list) {
        // What was found before damage counts.
        let _ = scanner.list(&mut |scanner| {
            found = is_reply(&scanner.value(list.len())?.bytes);
            Ok(!found)
        });
    }
    found
}

/// Gives the entries of one JSON text: more than one if it is a list of replies.
pub(super) fn entry(
    place: String,
    text: &[u8],
    limits: Limits,
    each: &mut Each<'_>,
) -> ControlFlow<()> {
    if !are_replies(text) {
        return each(one(place, text, limits));
    }
    let before = format!("{place}, ");
    let mut rest = text;
    match read(&mut rest, &before, limits, each) {
        Ok(Left::Enough) => ControlFlow::Break(()),
        Ok(Left::More) => {
            let why = "the list is malformed: something stands after its end";
            let found = Found::Bad(why.to_owned());
            each(Entry { place, found })
        }
        Ok(Left::Nothing | Left::Damage) | Err(_) => ControlFlow::Continue(()),
    }
}

/// What stands after the items that were given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    Nothing,
    /// The list has ended, and something else begins.
    More,
    /// The list is damaged here, which was named.
    Damage,
    /// The taker has enough.
    Enough,
}

/// Gives the items of a list. An item that is too long is named and passed over. `before` stands before their places.
pub(super) fn read(
    reader: impl BufRead,
    before: &str,
    limits: Limits,
    each: &mut Each<'_>,
) -> std::io::Result<Left> {
    let mut at = 0_u64;
    let why = match all(reader, before, &mut at, limits, each) {
        Ok(left) => return Ok(left),
        Err(Stop::Io(error)) => return Err(error),
        Err(Stop::Malformed(why)) => format!("the list is cut or malformed: {why}"),
    };
    let place = format!("{before}item {at}");
    let found = Found::Bad(why);
    Ok(match each(Entry { place, found }) {
        ControlFlow::Continue(()) => Left::Damage,
        ControlFlow::Break(()) => Left::Enough,
    })
}

fn all(
    reader: impl BufRead,
    before: &str,
    at: &mut u64,
    limits: Limits,
    each: &mut Each<'_>,
) -> Scanned<Left> {
    let most = limits.line_bytes();
    let mut scanner = Scanner::new(reader)?;
    let is_whole = scanner.list(&mut |scanner| {
        let item = scanner.value(most)?;
        let place = format!("{before}item {at}");
        *at += 1;
        let next = match item.is_cut {
            true => {
                let found = Found::Bad(format!("the item is longer than {most} bytes"));
                each(Entry { place, found })
            }
            false => each(one(place, &item.bytes, limits)),
        };
        Ok(next.is_continue())
    })?;
    Ok(match is_whole {
        false => Left::Enough,
        true if scanner.peek()?.is_some_and(|byte| byte != 0) => Left::More,
        true => Left::Nothing,
    })
}
