//! JSON documents one after the other: on lines, over many lines, marked as in RFC 7464, with commas or with nothing between
//! them. A damaged one costs only itself: the next place where one may begin is looked for.

use std::io::{self, BufRead};
use std::ops::ControlFlow;

use super::extent::{Extent, Reached, is_between, next_start, opening};
use super::held::Held;
use super::items::{self, Left, entry};
use super::{Each, Entry, Found, Limits};

/// Where the reading begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// At a document, or before one.
    Document,
    /// In something that is damaged and was named.
    Damage,
}

/// Reads the documents. One that is too long, and damage of the file, are named and passed over. `before` stands before their
/// places.
pub(super) fn read(
    reader: impl BufRead,
    (before, start): (&str, Start),
    limits: Limits,
    each: &mut Each<'_>,
) -> io::Result<()> {
    let mut documents = Documents {
        held: Held::new(reader),
        before,
        began: (0, 0),
        again: 0,
        limits,
    };
    if start == Start::Damage {
        documents.held.is_at_start = false;
        documents.seek()?;
    }
    while documents.next(each)?.is_continue() {}
    Ok(())
}

struct Documents<'b, R> {
    held: Held<R>,
    before: &'b str,
    /// The line on which the last document began, and how many began on it.
    began: (u64, u64),
    /// Bytes that were gone through again.
    again: u64,
    limits: Limits,
}

impl<R: BufRead> Documents<'_, R> {
    fn next(&mut self, each: &mut Each<'_>) -> io::Result<ControlFlow<()>> {
        if !self.held.pass_between()? {
            let Some(error) = self.held.damage.take() else {
                return Ok(ControlFlow::Break(()));
            };
            let place = format!("{}after line {}", self.before, self.held.last_line());
            let found = Found::Bad(format!("the file is damaged: {error}"));
            return Ok(each(Entry { place, found }));
        }
        let line = self.held.line;
        self.began = match self.began.0 == line {
            true => (line, self.began.1 + 1),
            false => (line, 1),
        };
        let place = match self.began.1 {
            1 => format!("{}line {line}", self.before),
            nth => format!("{}line {line}, document {nth}", self.before),
        };
        match self.held.ahead().first() {
            Some(b'{' | b'[') => self.document(place, each),
            _ => self.line(place, each),
        }
    }

    /// Gives the document that begins here.
    fn document(&mut self, place: String, each: &mut Each<'_>) -> io::Result<ControlFlow<()>> {
        let mut extent = Extent::new();
        let most = self.limits.line_bytes();
        loop {
            match extent.reach(self.held.ahead()) {
                Reached::End(end) if end <= most => return Ok(self.give(place, end, each)),
                Reached::End(_) if self.held.ahead().starts_with(b"[") => {
                    return self.list(&place, each);
                }
                Reached::End(end) => return Ok(self.give(place, end, each)),
                Reached::Broken(at) => return self.broken(place, at, each),
                Reached::More if self.held.ahead().len() > most => {
                    if self.held.ahead().starts_with(b"[") {
                        return self.list(&place, each);
                    }
                    return self.too_long(place, extent, each);
                }
                Reached::More => {
                    let held = self.held.ahead().len();
                    if !self.held.fill()? {
                        return self.broken(place, held, each);
                    }
                }
            }
        }
    }

    /// Gives the items of a list that is too long to be held.
    fn list(&mut self, place: &str, each: &mut Each<'_>) -> io::Result<ControlFlow<()>> {
        let before = format!("{place}, ");
        match items::read(&mut self.held, &before, self.limits, each)? {
            Left::Enough => return Ok(ControlFlow::Break(())),
            Left::Damage => self.seek()?,
            Left::Nothing | Left::More => {}
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Gives what stands up to a place, and goes on after it.
    fn give(&mut self, place: String, end: usize, each: &mut Each<'_>) -> ControlFlow<()> {
        let most = self.limits.line_bytes();
        let text = trimmed(&self.held.ahead()[..end]);
        let next = match text.len() > most {
            true => each(longer(place, most, memchr::memchr(b'\n', text).is_none())),
            false => entry(place, text, self.limits, each),
        };
        self.held.advance(end);
        next
    }

    /// Gives a document that cannot go on as it does at a place, up to where the next one may begin.
    fn broken(
        &mut self,
        place: String,
        at: usize,
        each: &mut Each<'_>,
    ) -> io::Result<ControlFlow<()>> {
        let most = self.limits.line_bytes();
        // A hostile file would be gone through as often as it has lines.
        let mut from = match self.again > AGAIN.saturating_add(self.held.read.saturating_mul(2)) {
            true => at.max(1),
            false => 1,
        };
        loop {
            match next_start(self.held.ahead(), from) {
                Ok(start) => {
                    self.again += at.saturating_sub(start) as u64;
                    return Ok(self.give(place, start, each));
                }
                Err(next) => from = next,
            }
            if self.held.ahead().len() > most {
                self.seek()?;
                return Ok(each(longer(place, most, false)));
            }
            if !self.held.fill()? {
                let rest = self.held.ahead().len();
                return Ok(self.give(place, rest, each));
            }
        }
    }

    /// Goes to the end of a document that is too long, without keeping it.
    fn too_long(
        &mut self,
        place: String,
        mut extent: Extent,
        each: &mut Each<'_>,
    ) -> io::Result<ControlFlow<()>> {
        let mut is_line = true;
        loop {
            self.held.advance(extent.forget());
            let reached = extent.reach(self.held.ahead());
            is_line &= self.held.line == self.began.0;
            match reached {
                Reached::End(end) => {
                    self.held.advance(end);
                    break;
                }
                Reached::Broken(_) => {
                    self.seek()?;
                    break;
                }
                Reached::More => {
                    self.held.advance(extent.forget());
                    if !self.held.fill()? {
                        self.held.advance(self.held.ahead().len());
                        break;
                    }
                }
            }
        }
        Ok(each(longer(place, self.limits.line_bytes(), is_line)))
    }

    /// Gives the rest of a line that begins with something else than a document.
    fn line(&mut self, place: String, each: &mut Each<'_>) -> io::Result<ControlFlow<()>> {
        let most = self.limits.line_bytes();
        let mut from = 0;
        loop {
            let rest = &self.held.ahead()[from..];
            if let Some(end) = memchr::memchr2(b'\n', 0x1e, rest) {
                return Ok(self.give(place, from + end, each));
            }
            from = self.held.ahead().len();
            if from > most {
                self.held.pass_line()?;
                return Ok(each(longer(place, most, true)));
            }
            if !self.held.fill()? {
                return Ok(self.give(place, from, each));
            }
        }
    }

    /// Goes to the next place where a document may begin.
    fn seek(&mut self) -> io::Result<()> {
        let at_line = opening(self.held.ahead()).filter(|_| self.held.is_at_start);
        if let Some(opening) = at_line {
            self.held.advance(opening);
            return Ok(());
        }
        let mut from = 0;
        loop {
            match next_start(self.held.ahead(), from) {
                Ok(start) => {
                    self.held.advance(start);
                    return Ok(());
                }
                Err(next) => {
                    self.held.advance(next);
                    from = 0;
                }
            }
            if !self.held.fill()? {
                self.held.advance(self.held.ahead().len());
                return Ok(());
            }
        }
    }
}

/// Bytes of a file that may be gone through again, besides twice all of them.
const AGAIN: u64 = 16 << 20;

fn longer(place: String, most: usize, is_line: bool) -> Entry {
    let what = if is_line { "line" } else { "document" };
    let found = Found::Bad(format!("the {what} is longer than {most} bytes"));
    Entry { place, found }
}

/// Returns a text without what may stand between two.
fn trimmed(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|byte| !is_between(*byte));
    &text[..end.map_or(0, |last| last + 1)]
}
