//! The values of `Authorization` that have parameters: `Digest username="u", response="00ff"`.

/// Schemes with parameters. Some of these may have quotes, commas and blanks.
const SCHEMES: [&str; 7] = [
    "aws4-hmac-sha256",
    "digest",
    "hawk",
    "hmac",
    "mac",
    "oauth",
    "signature",
];
/// How much of a value tells whether it has parameters.
const BEGIN: usize = 64;

/// Returns whether a value has parameters.
pub(super) fn has_parameters(value: &[u8]) -> bool {
    let begin = &value[..value.len().min(BEGIN)];
    let Some(blank) = begin.iter().position(u8::is_ascii_whitespace) else {
        return false;
    };
    let is_one = |scheme: &str| begin[..blank].eq_ignore_ascii_case(scheme.as_bytes());
    let rest = begin[blank..].trim_ascii_start();
    let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || b"_-".contains(byte);
    let name = rest.iter().take_while(is_part).count();
    SCHEMES.iter().any(|scheme| is_one(scheme)) && name > 0 && rest.get(name) == Some(&b'=')
}

/// Returns where the parameters of a value end: at the end of its line, or at a quote that begins none of them; `None` if it has
/// none.
pub(super) fn end_of_parameters(value: &[u8]) -> Option<usize> {
    if !has_parameters(value) {
        return None;
    }
    let (mut at, mut last) = (0, b' ');
    while let Some(byte) = value.get(at).copied() {
        match byte {
            b'\r' | b'\n' | b'\'' => break,
            b'\\' if matches!(value.get(at + 1), Some(b'r' | b'n')) => break,
            b'"' if last == b'=' => {
                let inside = &value[at + 1..];
                let end = memchr::memchr3(b'"', b'\r', b'\n', inside).unwrap_or(inside.len());
                at += 1 + end;
                if value.get(at) != Some(&b'"') {
                    break;
                }
                last = b'"';
            }
            b'"' => break,
            // The escape of a quote is no part of it.
            b'\\' => {}
            _ => last = byte,
        }
        at += 1;
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::end_of_parameters;

    #[test]
    fn parameters_end_with_their_line_or_with_a_quote_around_them() {
        for (value, after) in [
            (r#"Digest username="u", uri="/a,b;c", response="00ff""#, ""),
            (r#"digest realm="", qop=auth, response=00ff"#, "\r\nHost: h"),
            (r#"Digest username=\"u\", response=\"00ff\""#, "\" b"),
            (r#"Hawk id="a", mac="b=""#, "' -v"),
            (r#"OAuth oauth_token="a""#, "\\nHost: h"),
            (r#"Digest a="no end"#, "\n\"x\""),
        ] {
            let text = format!("{value}{after}");
            assert_eq!(
                end_of_parameters(text.as_bytes()),
                Some(value.len()),
                "{text}"
            );
        }
        for text in [
            "Bearer a=b",
            "Digest of the news",
            "Digest",
            "",
            "Digest a",
            "Hawk \"a=\"",
        ] {
            assert_eq!(end_of_parameters(text.as_bytes()), None, "{text}");
        }
    }
}
