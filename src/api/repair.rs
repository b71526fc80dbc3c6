//! Repair of almost valid JSON, so that a paid reply is still readable. Each repair becomes an odd item.

use std::borrow::Cow;

use crate::model::Odd;

/// Kinds of repair, as the odd items name them.
const KINDS: [&str; 4] = [
    "unpaired surrogate escapes read as U+FFFD",
    "numbers outside JSON (NaN, infinity, overflow) read as null",
    "raw control characters in strings read as escapes",
    "invalid UTF-8 read as U+FFFD",
];
/// Digits of a number without an exponent that is within the range of a float.
const SAFE_DIGITS: usize = 300;
const HALF_CHARACTER: usize = 0;
const NO_NUMBER: usize = 1;
const CONTROL: usize = 2;
const NOT_UTF8: usize = 3;

/// Returns the repaired text and an odd item per kind of repair; `None` if there is nothing to repair.
pub fn repair(body: &[u8]) -> Option<(String, Vec<Odd>)> {
    let unmarked = body.strip_prefix(b"\xef\xbb\xbf");
    let text = String::from_utf8_lossy(unmarked.unwrap_or(body));
    let mut repairer = Repairer {
        text: text.as_bytes(),
        at: 0,
        copied: 0,
        done: Vec::new(),
        times: [0; 4],
    };
    if let Cow::Owned(_) = text {
        repairer.times[NOT_UTF8] = 1;
    }
    repairer.run();
    let notes = KINDS
        .iter()
        .zip(repairer.times)
        .filter(|(_, times)| *times > 0);
    let mut odd: Vec<Odd> = notes
        .map(|(kind, times)| note(&format!("{kind} (count: {times})")))
        .collect();
    if unmarked.is_some() {
        odd.push(note("byte order mark removed"));
    }
    if odd.is_empty() {
        return None;
    }
    Some((String::from_utf8(repairer.ended()).ok()?, odd))
}

fn note(why: &str) -> Odd {
    Odd {
        at: "body".to_owned(),
        why: why.to_owned(),
    }
}

/// Goes through a text and replaces only complete ASCII tokens, so that it stays UTF-8. Most texts need nothing, so nothing is
/// copied before the first replacement.
struct Repairer<'b> {
    text: &'b [u8],
    at: usize,
    /// The end of what was copied or replaced.
    copied: usize,
    done: Vec<u8>,
    times: [u32; KINDS.len()],
}

impl Repairer<'_> {
    fn run(&mut self) {
        while let Some(byte) = self.text.get(self.at).copied() {
            match byte {
                b'"' => self.string(),
                b'N' if self.rest().starts_with(b"NaN") => self.replace(3, "null", NO_NUMBER),
                b'I' if self.rest().starts_with(b"Infinity") => self.replace(8, "null", NO_NUMBER),
                b'-' if self.rest().starts_with(b"-Infinity") => {
                    self.replace(9, "null", NO_NUMBER);
                }
                b'-' | b'0'..=b'9' => self.number(),
                _ => self.at += 1,
            }
        }
    }

    fn rest(&self) -> &[u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Goes from the opening quote of a string behind its closing one.
    fn string(&mut self) {
        self.at += 1;
        while let Some(byte) = self.text.get(self.at).copied() {
            match byte {
                b'"' => {
                    self.at += 1;
                    return;
                }
                b'\\' if self.text.get(self.at + 1) == Some(&b'u') => self.escape(),
                b'\\' => self.at += 2,
                0..=0x1f => self.replace(1, &format!("\\u{byte:04x}"), CONTROL),
                _ => self.at += 1,
            }
        }
    }

    fn escape(&mut self) {
        const HIGH: std::ops::RangeInclusive<u16> = 0xd800..=0xdbff;
        const LOW: std::ops::RangeInclusive<u16> = 0xdc00..=0xdfff;
        let (first, second) = (unit(self.rest()), self.rest().get(6..).and_then(unit));
        match (first, second) {
            (Some(high), Some(low)) if HIGH.contains(&high) && LOW.contains(&low) => self.at += 12,
            (Some(half), _) if HIGH.contains(&half) || LOW.contains(&half) => {
                self.replace(6, "\u{fffd}", HALF_CHARACTER);
            }
            (Some(_), _) => self.at += 6,
            (None, _) => self.at += 2,
        }
    }

    /// Goes past a number, or replaces it with null if it exceeds the range of a float.
    fn number(&mut self) {
        let is_part = |byte: &&u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        let length = self.rest().iter().take_while(is_part).count();
        let token = std::str::from_utf8(&self.rest()[..length]).unwrap_or_default();
        let is_safe = length <= SAFE_DIGITS && !token.contains(['e', 'E']);
        match !is_safe && token.parse::<f64>().is_ok_and(|value| !value.is_finite()) {
            true => self.replace(length, "null", NO_NUMBER),
            false => self.at += length,
        }
    }

    fn replace(&mut self, length: usize, by: &str, kind: usize) {
        self.done
            .extend_from_slice(&self.text[self.copied..self.at]);
        self.done.extend_from_slice(by.as_bytes());
        self.at += length;
        self.copied = self.at;
        self.times[kind] += 1;
    }

    /// Returns the repaired text.
    fn ended(mut self) -> Vec<u8> {
        self.done.extend_from_slice(&self.text[self.copied..]);
        self.done
    }
}

/// Returns the code unit of an escape, `\u` and four hexadecimal digits, at the start of the bytes.
fn unit(bytes: &[u8]) -> Option<u16> {
    let digits = bytes.strip_prefix(b"\\u")?.get(..4)?;
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repaired(body: &[u8]) -> Option<(String, usize)> {
        repair(body).map(|(text, odd)| (text, odd.len()))
    }

    #[test]
    fn unpaired_surrogates_become_the_replacement_character_and_pairs_stay() {
        let text = br#"["\ud83d","\ude00x","\ud83d\ude00","\ud83d\ud83d\ude00","\\ud83d"]"#;
        let (text, notes) = repaired(text).unwrap();
        assert_eq!(
            text,
            "[\"\u{fffd}\",\"\u{fffd}x\",\"\\ud83d\\ude00\",\"\u{fffd}\\ud83d\\ude00\",\"\\\\ud83d\"]"
        );
        assert_eq!(notes, 1);
    }

    #[test]
    fn numbers_outside_json_become_null_except_inside_a_string() {
        let (text, _) = repaired(b"[NaN,-Infinity,Infinity,1e999,-1,1.5e3,\"NaN 1e999\"]").unwrap();
        assert_eq!(text, "[null,null,null,null,-1,1.5e3,\"NaN 1e999\"]");
    }

    #[test]
    fn byte_order_marks_invalid_bytes_and_control_characters_are_repaired() {
        assert_eq!(repaired(b"\xef\xbb\xbf[]"), Some(("[]".to_owned(), 1)));
        assert_eq!(
            repaired(b"[\"\xff\"]"),
            Some(("[\"\u{fffd}\"]".to_owned(), 1))
        );
        assert_eq!(
            repaired(b"[\"a\nb\"]"),
            Some(("[\"a\\u000ab\"]".to_owned(), 1))
        );
    }

    #[test]
    fn a_body_without_anything_to_repair_is_none() {
        for body in [&b"{\"a\":"[..], b"<html>", b"", b"\"\\u12", b"\"\\"] {
            assert_eq!(repaired(body), None);
        }
    }

    proptest::proptest! {
        #[test]
        fn one_repair_is_complete_and_bounded_in_size(body: Vec<u8>, json in "[\\[\\]{}\",:\\\\ud8Ddf0c1e9NaIinty.+\u{1}\u{9b}é-]{0,80}") {
            for body in [&body[..], json.as_bytes()] {
                if let Some((text, odd)) = repair(body) {
                    // The longest replacement is six bytes for one byte.
                    proptest::prop_assert!(text.len() <= 6 * body.len() && odd.len() <= 5);
                    proptest::prop_assert_eq!(repair(text.as_bytes()), None);
                }
            }
        }

        #[test]
        fn valid_json_needs_no_repair(text: String, number: i64, float in proptest::num::f64::NORMAL) {
            let body = serde_json::json!({"t": text, "n": [number, float]}).to_string();
            proptest::prop_assert_eq!(repair(body.as_bytes()), None);
        }
    }
}
