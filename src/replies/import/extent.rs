//! Where a JSON document ends, found in pieces. What it holds is judged by who parses it: only its brackets, commas and strings
//! count here, and a document that a parser can read never breaks them.

/// How far a document goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reached {
    /// The place after its end.
    End(usize),
    /// It goes on after these bytes.
    More,
    /// It cannot go on as it does at this place.
    Broken(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    Colon,
    CommaOrEnd,
}

/// The most values that may be open.
const DEEPEST: usize = 1 << 20;

/// The place in a document that was reached.
#[derive(Debug)]
pub(super) struct Extent {
    at: usize,
    expected: Expected,
    /// Open values: whether each of them is an object.
    open: Vec<bool>,
    is_text: bool,
    is_word: bool,
}

impl Extent {
    /// Returns the place at the beginning of a document.
    pub(super) fn new() -> Self {
        Self {
            at: 0,
            expected: Expected::Value,
            open: Vec::new(),
            is_text: false,
            is_word: false,
        }
    }

    /// Goes on in the bytes of the document as far as they are known.
    pub(super) fn reach(&mut self, bytes: &[u8]) -> Reached {
        while let Some(byte) = bytes.get(self.at).copied() {
            if self.is_text {
                if !self.text(bytes) {
                    return self.stopped(bytes);
                }
                continue;
            }
            if self.is_word {
                self.is_word = !is_end_of_word(byte);
                if self.is_word {
                    self.at += 1;
                    continue;
                }
            }
            if !matches!(byte, b' ' | b'\t' | b'\r' | b'\n') && !self.token(byte) {
                return Reached::Broken(self.at);
            }
            self.at += 1;
            if self.open.is_empty() && self.expected == Expected::CommaOrEnd && !self.is_text {
                return Reached::End(self.at);
            }
        }
        Reached::More
    }

    /// Goes to the end of a string. Returns false if it is not there.
    fn text(&mut self, bytes: &[u8]) -> bool {
        loop {
            let rest = &bytes[self.at.min(bytes.len())..];
            let Some(found) = memchr::memchr3(b'"', b'\\', b'\n', rest) else {
                self.at = bytes.len();
                return false;
            };
            self.at += found;
            match bytes[self.at] {
                b'"' => {
                    self.at += 1;
                    self.is_text = false;
                    return true;
                }
                // What it escapes may not be there yet.
                b'\\' if self.at + 1 < bytes.len() && bytes[self.at + 1] != b'\n' => self.at += 2,
                _ => return false,
            }
        }
    }

    /// Says why a string does not go on: its end is not known yet, or a line ends in it.
    fn stopped(&self, bytes: &[u8]) -> Reached {
        match bytes.get(self.at..) {
            None | Some([] | [b'\\']) => Reached::More,
            Some(_) => Reached::Broken(self.at),
        }
    }

    /// Forgets the bytes before the place. Returns how many they were.
    pub(super) fn forget(&mut self) -> usize {
        std::mem::take(&mut self.at)
    }

    /// Takes the first byte of a token. Returns false if it cannot come here.
    fn token(&mut self, byte: u8) -> bool {
        use Expected::{Colon, CommaOrEnd, Key, KeyOrEnd, Value, ValueOrEnd};
        let is_value = matches!(self.expected, Value | ValueOrEnd);
        self.expected = match (byte, self.expected) {
            (b'{', _) if is_value => {
                self.open.push(true);
                KeyOrEnd
            }
            (b'[', _) if is_value => {
                self.open.push(false);
                ValueOrEnd
            }
            (b'}', KeyOrEnd | CommaOrEnd) if self.open.last() == Some(&true) => self.close(),
            (b']', ValueOrEnd | CommaOrEnd) if self.open.last() == Some(&false) => self.close(),
            (b',', CommaOrEnd) => match self.open.last() {
                Some(true) => Key,
                _ => Value,
            },
            (b':', Colon) => Value,
            (b'"', Key | KeyOrEnd) => {
                self.is_text = true;
                Colon
            }
            (b'"', _) if is_value => {
                self.is_text = true;
                CommaOrEnd
            }
            // Numbers and words, also those that are repaired.
            (33.., _) if is_value && !is_end_of_word(byte) => {
                self.is_word = true;
                CommaOrEnd
            }
            _ => return false,
        };
        self.open.len() <= DEEPEST
    }

    fn close(&mut self) -> Expected {
        self.open.pop();
        Expected::CommaOrEnd
    }
}

fn is_end_of_word(byte: u8) -> bool {
    byte <= b' ' || b"{}[],:\"".contains(&byte)
}

/// Bytes that may stand between documents, besides the mark of UTF-8: white space, commas, and the mark of RFC 7464.
pub(super) fn is_between(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b',' | 0x1e)
}

pub(super) const MARK: &[u8] = "\u{feff}".as_bytes();
/// Bytes at the start of a line that are looked at.
const LINE: usize = 16;

/// Returns the place of the next bytes that may begin a document after a damaged one: brackets at the start of a line, with
/// the end of another document before them or not, or what RFC 7464 marks. `Err` is where to go on with more bytes.
pub(super) fn next_start(bytes: &[u8], from: usize) -> Result<usize, usize> {
    let mut at = from;
    while let Some(rest) = bytes.get(at..)
        && let Some(found) = memchr::memchr3(b'\n', b'}', 0x1e, rest)
    {
        at += found;
        let after = &bytes[at + 1..];
        let opening = match bytes[at] {
            b'\n' => opening(after),
            b'}' => is_object(after).then_some(0),
            _ => Some(0),
        };
        if let Some(opening) = opening {
            return Ok(at + 1 + opening);
        }
        let is_short = match bytes[at] {
            b'\n' => after.len() < LINE,
            _ => after.len() < LINE && (after.is_empty() || after.starts_with(b"{")),
        };
        if is_short {
            return Err(at);
        }
        at += 1;
    }
    Err(bytes.len().max(from))
}

/// Returns whether an object begins here. In a string, its first quote would have a backslash.
fn is_object(text: &[u8]) -> bool {
    let inside = text.strip_prefix(b"{").unwrap_or_default();
    inside.trim_ascii_start().starts_with(b"\"")
}

/// Returns where in a line a document begins; `None` if it begins with something else.
pub(super) fn opening(line: &[u8]) -> Option<usize> {
    let line = &line[..line.len().min(LINE)];
    let mark = if line.starts_with(MARK) {
        MARK.len()
    } else {
        0
    };
    let text = &line[mark..];
    let closed = text.iter().take_while(|byte| b"}]".contains(byte)).count();
    let mut at = closed;
    if closed > 0 || text.first() == Some(&b',') {
        at += text[closed..]
            .iter()
            .take_while(|byte| matches!(byte, b' ' | b',' | b'\t'))
            .count();
    }
    let is_opening = matches!(text.get(at), Some(b'{' | b'['));
    is_opening.then_some(mark + at)
}

#[cfg(test)]
mod tests {
    use super::{Extent, Reached, next_start};

    fn reached(text: &str) -> Reached {
        Extent::new().reach(text.as_bytes())
    }

    #[test]
    fn the_end_of_a_document_is_found_whatever_its_pieces_are() {
        let text = r#"{"a\"}": [1, -2.5e3, NaN, true, null, "xé{", {}, [], [[{"b":{}}]]], "c" : {"d" : ""}} {"#;
        let end = text.len() - 2;
        assert_eq!(reached(text), Reached::End(end));
        for first in 1..end {
            let mut extent = Extent::new();
            assert_eq!(
                extent.reach(&text.as_bytes()[..first]),
                Reached::More,
                "{first}"
            );
            assert_eq!(extent.reach(text.as_bytes()), Reached::End(end), "{first}");
        }
        let bytes: Vec<Reached> = {
            let mut extent = Extent::new();
            (1..=end)
                .map(|to| extent.reach(&text.as_bytes()[..to]))
                .collect()
        };
        assert!(bytes[..end - 1].iter().all(|it| *it == Reached::More));
        assert_eq!(bytes[end - 1], Reached::End(end));
    }

    #[test]
    fn what_no_document_has_breaks_it() {
        for (before, after) in [
            (r#"{"a":"x"#, "\n\"}"),
            (r#"{"a":"x"#, "\\\n\"}"),
            (r#"{"a":1 "#, r#"{"b":1}"#),
            (r#"{"a":["#, "}"),
            ("{", "{}"),
            (r#"{"a""#, ",1}"),
            (r#"{"a":"#, "}"),
            ("[1,", "]"),
            ("[1 ", "2]"),
            ("[1", "\u{1e}2]"),
            ("[\"x\" ", "\"y\"]"),
            ("[", "\0]"),
        ] {
            let text = format!("{before}{after}");
            assert_eq!(reached(&text), Reached::Broken(before.len()), "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_valid_document_ends_where_it_ends(words in proptest::collection::vec("[a-z{}\\[\\]\",:\\\\\n]{0,6}", 0..6), number: i64, pretty: bool) {
            let value = serde_json::json!({"k": words, "n": [number, {"x": [], "y": {}}], "w": words.concat()});
            let text = match pretty {
                true => serde_json::to_string_pretty(&value).unwrap(),
                false => value.to_string(),
            };
            proptest::prop_assert_eq!(reached(&format!("{text}{text}")), Reached::End(text.len()));
        }
    }

    #[test]
    fn the_next_document_begins_at_a_line_or_after_another_one() {
        for (text, place) in [
            ("{\"a\": \n{", Ok(7)),
            ("{ \n}{\"b\"", Ok(4)),
            ("{ \n}, {\"b\"", Ok(6)),
            ("{ \n,[", Ok(4)),
            ("{ \n\u{feff}{", Ok(6)),
            ("{ {}{\"", Ok(4)),
            ("{ {}{ \n \"", Ok(4)),
            ("{ {}{", Err(3)),
            ("{ \"}{ \\\"                   ", Err(27)),
            ("{ \u{1e}{", Ok(3)),
            ("{ \n  {                 ", Err(23)),
            ("{ \n  {", Err(2)),
            ("{ \"x\":1, {}, {", Err(14)),
            ("{ {}", Err(3)),
        ] {
            assert_eq!(next_start(text.as_bytes(), 1), place, "{text:?}");
        }
    }
}
