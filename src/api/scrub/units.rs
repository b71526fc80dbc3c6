//! Characters behind escapes: of JSON at any depth, and of addresses.

/// How many levels of JSON in JSON are looked at.
pub(super) const LEVELS: u32 = 6;
/// How many backslashes, or bytes of a percent-encoding, are looked at: each level doubles the backslashes.
const LONGEST: usize = 1 << LEVELS;

/// Returns the character at a place, and the bytes that it takes: `/` may be written as `%2F`, `%252F`, `\/`, `\\/` or `\u002f`.
/// Other backslashes are one character, however many they are.
pub(super) fn unit(text: &[u8], at: usize) -> Option<(u8, usize)> {
    let rest = text.get(at..)?;
    let rest = &rest[..rest.len().min(LONGEST + 5)];
    let first = *rest.first()?;
    match first {
        b'%' => {
            let mut from = 1;
            while from < LONGEST
                && rest[from..].starts_with(b"25")
                && hex(&rest[from + 2..]).is_some()
            {
                from += 2;
            }
            Some(hex(&rest[from..]).map_or((first, 1), |byte| (byte, from + 2)))
        }
        b'\\' => {
            let slashes = rest.iter().take_while(|byte| **byte == b'\\').count();
            Some(match &rest[slashes..] {
                [b'/', ..] => (b'/', slashes + 1),
                [b'u', b'0', b'0', digits @ ..] if hex(digits).is_some() => {
                    (hex(digits).unwrap_or_default(), slashes + 5)
                }
                _ => (first, slashes),
            })
        }
        _ => Some((first, 1)),
    }
}

fn hex(digits: &[u8]) -> Option<u8> {
    let digits = std::str::from_utf8(digits.get(..2)?).ok()?;
    let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    u8::from_str_radix(digits, 16).ok().filter(|_| is_hex)
}

/// Returns where a word of letters and digits begins without the end of an escape, as in `\nname`, `\u0026name` and `%26name`.
pub(super) fn after_escape(text: &[u8], start: usize, end: usize) -> usize {
    let word = &text[start..end];
    let length = match (text[..start].last(), word) {
        (Some(b'\\'), [b'u', digits @ ..])
            if digits.len() >= 4 && digits[..4].iter().all(u8::is_ascii_hexdigit) =>
        {
            5
        }
        (Some(b'\\'), [b'n' | b'r' | b't' | b'b' | b'f', ..]) => 1,
        (Some(b'%'), _) => unit(text, start - 1).map_or(0, |(_, length)| length - 1),
        _ => 0,
    };
    (start + length).min(end)
}

/// Returns whether no letter, digit or `_` touches what begins at a place. The end of an escape does not.
pub(super) fn begins_word(text: &[u8], at: usize) -> bool {
    let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
    let before = text[..at].iter().rev().take(LONGEST);
    let before = before.take_while(is_part).count();
    before == 0 || after_escape(text, at - before, at) == at
}

#[cfg(test)]
mod tests {
    use super::{after_escape, begins_word, unit};

    #[test]
    fn a_character_is_read_behind_any_escape() {
        for (text, byte) in [
            ("/", b'/'),
            ("%2f", b'/'),
            ("%252F", b'/'),
            ("%2525252F", b'/'),
            (r"\/", b'/'),
            (r"\\\/", b'/'),
            (r"\u002f", b'/'),
            (r"\\u002F", b'/'),
            (r"\\", b'\\'),
            ("%25", b'%'),
        ] {
            assert_eq!(unit(text.as_bytes(), 0), Some((byte, text.len())), "{text}");
        }
        assert_eq!(unit(b"%x", 0), Some((b'%', 1)));
        assert_eq!(unit(b"%+1", 0), Some((b'%', 1)));
        assert_eq!(unit(br"\n", 0), Some((b'\\', 1)));
        assert_eq!(unit("é".as_bytes(), 0), Some((0xc3, 1)));
        assert_eq!(unit(b"", 0), None);
    }

    #[test]
    fn a_word_begins_after_an_escape() {
        for (text, word) in [
            (r"\nname", "name"),
            (r"\\u0026name", "name"),
            ("%26name", "name"),
            ("%2526name", "name"),
            ("-name", "name"),
        ] {
            let start = text.rfind(['\\', '%', '-']).unwrap() + 1;
            assert_eq!(
                &text[after_escape(text.as_bytes(), start, text.len())..],
                word
            );
            assert!(
                begins_word(text.as_bytes(), text.len() - word.len()),
                "{text}"
            );
        }
        assert!(!begins_word(b"aname", 1) && !begins_word(br"\aname", 2));
    }
}
