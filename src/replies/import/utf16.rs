//! Text in UTF-16, as Windows writes it: told by its first bytes, and read as UTF-8 in pieces.

use std::io::{self, BufRead, Read};

use super::unpack::may_go_on;
use super::{Entry, Found};

/// The order of the two bytes of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

/// What a text is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Or something else that is read as bytes.
    Utf8,
    Utf16(Order),
    Utf32,
}

impl Encoding {
    /// Returns what a text with these first bytes is written in. Without a mark, the zeros of its first two characters tell it:
    /// in JSON they are ASCII (RFC 4627 §3).
    pub(super) fn of(begin: &[u8]) -> Self {
        let is_text =
            |byte: u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace() || byte == 0x1e;
        match *begin {
            [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Self::Utf32,
            [0xff, 0xfe, ..] => Self::Utf16(Order::Little),
            [0xfe, 0xff, ..] => Self::Utf16(Order::Big),
            [one, 0, 0, 0, ..] | [0, 0, 0, one, ..] if is_text(one) => Self::Utf32,
            [one, 0, two, 0, ..] if is_text(one) && is_text(two) => Self::Utf16(Order::Little),
            [0, one, 0, two, ..] if is_text(one) && is_text(two) => Self::Utf16(Order::Big),
            _ => Self::Utf8,
        }
    }
}

/// Half of a surrogate pair in the form of UTF-8. No valid UTF-8 has it, so it stays visible until its entry is known.
const HALF: &[u8] = &[0xed, 0xa0, 0x80];
const IS_CUT: &str = "it has half of a character of UTF-16: the file is cut or damaged there";

/// Names an entry as bad if a character of it is cut.
pub(super) fn whole(entry: Entry) -> Entry {
    match &entry.found {
        Found::Answer(captured) if has_half(&captured.body) => Entry {
            found: Found::Bad(IS_CUT.to_owned()),
            ..entry
        },
        _ => entry,
    }
}

/// Returns a body that begins with a mark of UTF-16 in UTF-8; `None` for any other one.
pub(super) fn decoded(body: &[u8]) -> Option<Result<Vec<u8>, String>> {
    let (Encoding::Utf16(order), [0xfe | 0xff, ..]) = (Encoding::of(body), body) else {
        return None;
    };
    let mut text = Vec::new();
    let read = Utf16::new(body, order).read_to_end(&mut text);
    let unmarked = text.strip_prefix("\u{feff}".as_bytes());
    Some(match (read, unmarked) {
        (Err(error), _) => Err(error.to_string()),
        _ if has_half(&text) => Err(IS_CUT.to_owned()),
        (Ok(_), unmarked) => Ok(unmarked.unwrap_or(&text).to_vec()),
    })
}

fn has_half(text: &[u8]) -> bool {
    memchr::memmem::find(text, HALF).is_some()
}

/// Bytes that are looked at to find where a unit begins.
const LOOKED_AT: usize = 64;
/// Bytes that become UTF-8 at once.
const PIECE: usize = 64 << 10;

/// What comes next. After damage it is a new line of one byte, and then a unit or half of one.
#[derive(Clone, Copy)]
enum Expected {
    Units,
    NewLine,
    AnyByte,
}

/// A reader of UTF-16 that gives UTF-8. Files that were joined may change their order with a mark.
pub(super) struct Utf16<R> {
    reader: R,
    units: Units,
    /// The first byte of a unit.
    half: Option<u8>,
    expected: Expected,
    used: usize,
    is_over: bool,
}

impl<R: BufRead> Utf16<R> {
    pub(super) fn new(reader: R, order: Order) -> Self {
        Self {
            reader,
            units: Units {
                order,
                high: None,
                text: Vec::new(),
            },
            half: None,
            expected: Expected::Units,
            used: 0,
            is_over: false,
        }
    }

    /// Reads the next piece.
    fn refill(&mut self) -> io::Result<()> {
        self.units.text.clear();
        self.used = 0;
        let buffer = match self.reader.fill_buf() {
            Ok(buffer) => buffer,
            Err(error) => {
                if may_go_on(&error) {
                    (self.half, self.units.high) = (None, None);
                    self.expected = Expected::NewLine;
                }
                return Err(error);
            }
        };
        if buffer.is_empty() {
            self.is_over = true;
            let is_cut = self.half.take().is_some() | self.units.high.take().is_some();
            self.units
                .text
                .extend(is_cut.then_some(HALF).into_iter().flatten());
            return Ok(());
        }
        let odd = match self.expected {
            Expected::Units => 0,
            Expected::NewLine => {
                self.units.text.push(b'\n');
                self.expected = Expected::AnyByte;
                usize::from(buffer[0] == b'\n')
            }
            Expected::AnyByte => {
                self.expected = Expected::Units;
                usize::from(self.units.order.is_shifted(buffer))
            }
        };
        if odd > 0 || !self.units.text.is_empty() {
            self.reader.consume(odd);
            return Ok(());
        }
        let piece = &buffer[..buffer.len().min(PIECE)];
        let bytes = match self.half.take() {
            Some(first) => {
                self.units.add([first, piece[0]]);
                &piece[1..]
            }
            None => piece,
        };
        let pairs = bytes.chunks_exact(2);
        self.half = pairs.remainder().first().copied();
        pairs.for_each(|pair| self.units.add([pair[0], pair[1]]));
        let used = piece.len();
        self.reader.consume(used);
        Ok(())
    }
}

impl<R: BufRead> BufRead for Utf16<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.used == self.units.text.len() && !self.is_over {
            self.refill()?;
        }
        Ok(&self.units.text[self.used..])
    }

    fn consume(&mut self, bytes: usize) {
        self.used += bytes;
    }
}

impl<R: BufRead> Read for Utf16<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

impl Order {
    /// Returns whether these bytes begin in the middle of a unit: the zeros of ASCII are where they should not be.
    fn is_shifted(self, bytes: &[u8]) -> bool {
        let pairs = || bytes[..bytes.len().min(LOOKED_AT)].chunks_exact(2);
        let first = pairs().filter(|pair| pair[0] == 0).count();
        let second = pairs().filter(|pair| pair[1] == 0).count();
        match self {
            Self::Little => first > second,
            Self::Big => second > first,
        }
    }
}

/// Units that become a text.
struct Units {
    order: Order,
    /// The first half of a surrogate pair.
    high: Option<u16>,
    text: Vec<u8>,
}

impl Units {
    fn add(&mut self, bytes: [u8; 2]) {
        let unit = match self.order {
            Order::Little => u16::from_le_bytes(bytes),
            Order::Big => u16::from_be_bytes(bytes),
        };
        let pair = match (self.high.take(), unit) {
            (None, 0xfffe) => {
                // A mark in the other order.
                self.order = match self.order {
                    Order::Little => Order::Big,
                    Order::Big => Order::Little,
                };
                return;
            }
            (None, 0xd800..=0xdbff) => {
                self.high = Some(unit);
                return;
            }
            (None, _) => [unit, 0],
            (Some(high), 0xdc00..=0xdfff) => [high, unit],
            (Some(_), _) => {
                self.text.extend_from_slice(HALF);
                return self.add(bytes);
            }
        };
        let units = &pair[..if pair[1] == 0 { 1 } else { 2 }];
        for letter in char::decode_utf16(units.iter().copied()) {
            match letter {
                Ok(letter) => {
                    let mut bytes = [0; 4];
                    let text = letter.encode_utf8(&mut bytes);
                    self.text.extend_from_slice(text.as_bytes());
                }
                Err(_) => self.text.extend_from_slice(HALF),
            }
        }
    }
}
