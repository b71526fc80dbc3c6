//! Secrets in the addresses of a text: parameters, and the passwords of `https://name:password@host`. Any character may be escaped.

use std::ops::Range;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::names::{is_coded, is_parameter, is_secret, unnumbered};
use super::units::{after_escape, unit};

/// Longest name of a parameter that is looked at.
const NAME: usize = 128;
/// How much of an address is looked at on each side of a place.
const ADDRESS: usize = 1_024;
/// Longest user and password before a host.
const USER: usize = 256;
/// Shortest user without a password that is a token.
const TOKEN: usize = 20;
/// Paths that give access to what is behind them.
const DOORS: [&str; 4] = [
    "hooks.slack.com/services/",
    "discord.com/api/webhooks/",
    "discordapp.com/api/webhooks/",
    "api.telegram.org/bot",
];
static BEHIND: LazyLock<[Finder<'static>; 4]> = LazyLock::new(|| DOORS.map(Finder::new));

/// Returns the secrets in the addresses of a text.
pub(super) fn secrets(text: &[u8]) -> impl Iterator<Item = Range<usize>> {
    // Of several backslashes the first one begins an escape.
    let begins = |at: &usize| text[*at] != b'\\' || *at == 0 || text[at - 1] != b'\\';
    let (mut done, mut ends) = (0, Ends::default());
    let parameters = memchr::memchr3_iter(b'=', b'%', b'\\', text);
    let parameters = parameters.filter(begins).filter_map(move |at| {
        // What is inside of a value goes with it.
        let value = (at >= done).then(|| parameter(text, at, &mut ends))??;
        done = value.end;
        Some(value)
    });
    let users = memchr::memchr3_iter(b':', b'%', b'\\', text);
    let users = users.filter(begins).filter_map(|at| user(text, at));
    let behind = BEHIND.iter().flat_map(|door| behind(text, door));
    parameters.chain(users).chain(behind)
}

fn is_part_of_name(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-".contains(byte)
}

/// The values that were looked at last: plain, and encoded. All that begin inside of one end with it, so each byte is looked at
/// once.
#[derive(Default)]
struct Ends([Range<usize>; 2]);

impl Ends {
    fn of(&mut self, text: &[u8], from: usize, is_coded: bool) -> usize {
        let last = &mut self.0[usize::from(is_coded)];
        if !last.contains(&from) {
            *last = from..value_end(text, from, is_coded, usize::MAX);
        }
        last.end
    }
}

/// Returns the value of a parameter, whose `=` is here.
fn parameter(text: &[u8], at: usize, ends: &mut Ends) -> Option<Range<usize>> {
    let (b'=', length) = unit(text, at)? else {
        return None;
    };
    let (start, name) = name_before(text, at)?;
    if !is_secret(name) {
        return None;
    }
    let (from, is_coded) = (at + length, text[at] == b'%');
    let value = &text[from..value_end(text, from, is_coded, NAME)];
    // Two signs are the end of what is coded as base64.
    let is_padding = matches!(value, b"" | b"=" | b"%3D" | b"%3d");
    if is_padding || !is_parameter(name, &String::from_utf8_lossy(value)) {
        return None;
    }
    let end = ends.of(text, from, is_coded);
    let ends = || matches!(text.get(end), None | Some(b'&' | b'"' | b'\'' | b'\\'));
    // A name in capitals is a setting of a program.
    let is_setting = name.contains('_') && !name.contains(|it: char| it.is_ascii_lowercase());
    let is_one = match before(text, start) {
        // Alone, it may be a mark of a sentence.
        Some(b'?' | b'#') => {
            !text[..start - 1].last().is_none_or(u8::is_ascii_whitespace) || ends()
        }
        Some(b'&' | b';' | b'[') => true,
        None | Some(b'"' | b'\'' | b'\n') => is_setting || ends(),
        Some(b' ' | b'$' | b'\t') => is_setting,
        Some(_) => false,
    };
    let is_of_file = || unnumbered(name) == "token" && is_signed(text, at);
    (is_one && !is_of_file()).then_some(from..end)
}

/// Returns where the name before a `=` begins, with the parts before a `.`, and its last part.
fn name_before(text: &[u8], at: usize) -> Option<(usize, &str)> {
    let least = at.saturating_sub(NAME);
    let mut end = at;
    // As in `user[password]=`.
    for close in [&b"]"[..], b"%5D", b"%5d"] {
        end -= if text[least..end].ends_with(close) {
            close.len()
        } else {
            0
        };
    }
    let beginning = |end: usize| {
        let part = text[least..end].iter().rev();
        end - part.take_while(|byte| is_part_of_name(byte)).count()
    };
    let mut first = beginning(end);
    // A number after a `.` counts the parts of a long cookie.
    if text[first..end].iter().all(u8::is_ascii_digit) && text[least..first].ends_with(b".") {
        end = first - 1;
        first = beginning(end);
    }
    let mut start = after_escape(text, first, end);
    let name = std::str::from_utf8(&text[start..end]).ok()?;
    while first == start && first > least && text[first - 1] == b'.' {
        let dot = first - 1;
        first = beginning(dot);
        start = after_escape(text, first, dot);
    }
    Some((start, name))
}

/// Returns the character before a place, also if it is escaped.
fn before(text: &[u8], at: usize) -> Option<u8> {
    let last = *text[..at].last()?;
    let near = at.saturating_sub(16);
    let escape = text[near..at]
        .iter()
        .rposition(|byte| b"\\%".contains(byte));
    let escape = escape.and_then(|escape| {
        let (byte, length) = unit(text, near + escape)?;
        let after = near + escape + length;
        match (byte, &text[after..at]) {
            (b'\\', b"n" | b"r") => Some(b'\n'),
            (b'\\', b"t") => Some(b'\t'),
            (byte, b"") => Some(byte),
            _ => None,
        }
    });
    Some(match (escape, last) {
        (Some(byte), _) => byte,
        (None, b'\r') => b'\n',
        (None, last) => last,
    })
}

/// Returns the end of the value of a parameter, or of its beginning.
fn value_end(text: &[u8], from: usize, is_coded: bool, most: usize) -> usize {
    let mut at = from;
    while let Some((byte, length)) = unit(text, at).filter(|_| at - from < most) {
        let is_plain = text[at] != b'%';
        let ends = match byte {
            b'&' | b'#' | b'"' | b'\'' | b'<' | b'>' | b';' => is_plain || is_coded,
            b'`' | b')' | b'[' | b']' | b'{' | b'}' | b',' | b'\\' => is_plain,
            byte => is_plain && (byte <= b' ' || !byte.is_ascii()),
        };
        if ends {
            break;
        }
        at += length;
    }
    at
}

/// Returns whether the address at a place has a signature: then it is that of a file.
fn is_signed(text: &[u8], at: usize) -> bool {
    let ends = |byte: &u8| byte.is_ascii_whitespace() || b"\"'<>".contains(byte);
    let before = &text[at.saturating_sub(ADDRESS)..at];
    let start = before.iter().rposition(ends).map_or(0, |place| place + 1);
    let after = &text[at..text.len().min(at + ADDRESS)];
    let end = after.iter().position(ends).unwrap_or(after.len());
    let address = &text[at - before.len() + start..at + end];
    let is_one = |sign: usize| {
        let is_sign = address[sign] == b'=' || unit(address, sign).is_some_and(|it| it.0 == b'=');
        let ends = |name: &str| {
            let name = sign
                .checked_sub(name.len())
                .map(|from| (&address[from..sign], name));
            name.is_some_and(|(part, name)| part.eq_ignore_ascii_case(name.as_bytes()))
        };
        is_sign && (ends("sig") || ends("signature"))
    };
    memchr::memchr2_iter(b'=', b'%', address).any(is_one)
}

/// Returns the password, or the token in its place, of an address whose first `:` is here.
fn user(text: &[u8], at: usize) -> Option<Range<usize>> {
    if at == 0 || !text[at - 1].is_ascii_alphanumeric() {
        return None;
    }
    let mut from = at;
    for letter in [b':', b'/', b'/'] {
        let (byte, length) = unit(text, from)?;
        from = (byte == letter).then_some(from + length)?;
    }
    let is_coded_whole = text[at] == b'%';
    let (mut place, mut colon, mut sign) = (from, None, None);
    // Where the path begins, if a password does not contain it.
    let mut path: Option<usize> = None;
    while let Some((byte, length)) = unit(text, place).filter(|_| place < from + USER) {
        let is_plain = is_coded_whole || text[place] != b'%';
        match byte {
            b'"' | b'<' | b'>' | b'`' => break,
            b'&' if is_coded_whole => break,
            byte if byte <= b' ' && text[place] != b'%' => break,
            b':' if colon.is_none() => colon = Some(place..place + length),
            b'/' | b'?' | b'#' if is_plain => {
                if colon.is_none() || sign.is_some() {
                    break;
                }
                path = path.or(Some(place));
            }
            b'@' if is_plain => sign = Some(place),
            _ => {}
        }
        place += length;
    }
    let sign = sign?;
    let Some(colon) = colon.filter(|colon| colon.start < sign) else {
        let user = std::str::from_utf8(&text[from..sign]).ok()?;
        return (user.len() >= TOKEN && is_coded(user)).then_some(from..sign);
    };
    let is_port = |path: usize| text[colon.end..path].iter().all(u8::is_ascii_digit);
    let is_password = colon.end < sign && !path.is_some_and(is_port);
    is_password.then_some(colon.end..sign)
}

/// Returns the rest of the addresses that begin with a door.
fn behind<'t>(
    text: &'t [u8],
    door: &'t Finder<'static>,
) -> impl Iterator<Item = Range<usize>> + 't {
    let mut done = 0;
    door.find_iter(text).filter_map(move |at| {
        let from = at + door.needle().len();
        let end = (at >= done).then(|| value_end(text, from, false, usize::MAX))?;
        done = end;
        (end - from >= TOKEN).then_some(from..end)
    })
}
