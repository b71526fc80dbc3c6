//! What a reply says, whatever its formatting is: blanks, escapes and the order of keys are no part of it.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::api::json::Json;

/// Floats up to this hold every integer exactly.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Returns a hash of what a reply says; `None` if it is no JSON, or has a value that is nested too deep to be read.
#[must_use]
pub fn form(body: &[u8]) -> Option<[u8; 32]> {
    let text = std::str::from_utf8(body).ok()?;
    let json = Json::parse(text.trim_start_matches('\u{feff}')).ok()?;
    let mut hash = Sha256::new();
    add(&mut hash, &json)?;
    Some(hash.finalize().into())
}

fn add(hash: &mut Sha256, json: &Json<'_>) -> Option<()> {
    match json {
        Json::Null => hash.update(b"n"),
        Json::Bool(value) => hash.update([b'b', u8::from(*value)]),
        Json::Int(number) => int(hash, *number),
        // Some tools write 1.0 as 1, and 1e3 as 1000.
        Json::Float(number) if number.fract() == 0.0 && number.abs() < EXACT => {
            int(hash, *number as i128);
        }
        Json::Float(number) => {
            hash.update(b"f");
            hash.update(number.to_bits().to_le_bytes());
        }
        Json::Text(text) => self::text(hash, text),
        Json::Array(items) => {
            hash.update(b"[");
            items.iter().try_for_each(|item| add(hash, item))?;
            hash.update(b"]");
        }
        Json::Object(entries) => {
            // The last one of two counts, as for a reader.
            let keys: BTreeMap<&str, &Json<'_>> =
                entries.iter().map(|(key, value)| (&**key, value)).collect();
            hash.update(b"{");
            for (key, value) in keys {
                text(hash, key);
                add(hash, value)?;
            }
            hash.update(b"}");
        }
        Json::TooDeep => return None,
    }
    Some(())
}

fn int(hash: &mut Sha256, number: i128) {
    hash.update(b"i");
    hash.update(number.to_le_bytes());
}

fn text(hash: &mut Sha256, text: &str) {
    hash.update(b"t");
    hash.update((text.len() as u64).to_le_bytes());
    hash.update(text);
}

#[cfg(test)]
mod tests {
    use super::form;

    #[test]
    fn formatting_is_no_part_of_what_a_reply_says() {
        let one = r#"{"code":200,"data":{"items":[{"a":"é/","n":1.0}],"x":null},"t":1.5}"#;
        for other in [
            "{\n  \"t\": 1.5, \"data\": {\"x\": null, \"items\": [ {\"n\": 1, \"a\": \"\\u00e9\\/\"} ]}, \"code\": 2e2}",
            r#"{"t":2,"code":200,"t":1.5,"data":{"items":[{"a":"é/","n":1}],"x":null}}"#,
        ] {
            assert_eq!(form(other.as_bytes()), form(one.as_bytes()), "{other}");
        }
        assert_eq!(
            form(format!("\u{feff}{one}").as_bytes()),
            form(one.as_bytes())
        );
        for other in [
            one.replace("1.5", "1.6"),
            one.replace("null", "false"),
            one.replace("\"x\"", "\"y\""),
            one.replace("\"code\":200", "\"code\":\"200\""),
            one.replace(r#"[{"a":"é/","n":1.0}]"#, r#"[[{"a":"é/","n":1.0}]]"#),
            one.replace(",\"x\":null", ""),
        ] {
            assert_ne!(form(other.as_bytes()), form(one.as_bytes()), "{other}");
        }
        let deep = format!("{}1{}", "[".repeat(125), "]".repeat(125));
        for none in ["", "{", "x", "\u{0}", &deep] {
            assert_eq!(form(none.as_bytes()), None, "{none}");
        }
    }
}
