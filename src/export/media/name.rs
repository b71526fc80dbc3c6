//! Readable names of files. Names and ids come from the remote, so nothing of them may change what the name is. Pure.

use std::collections::HashMap;

use crate::model::is_unseen;

/// Longest name in bytes, with its extension and that of the file beside it.
const MAX_BYTES: usize = 200;
/// Extension of the file beside it.
pub(super) const SIDECAR: &str = ".json";
/// Names that Windows keeps for devices, with any extension.
const DEVICES: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];

/// A template of names, such as `{username}_{post_id}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Field(&'static str),
}

/// The fields of a template.
pub const FIELDS: [&str; 8] = [
    "username",
    "user_id",
    "post_id",
    "comment_id",
    "attachment_id",
    "rendition",
    "date",
    "sha256",
];

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// Returns which field is unknown, or that a brace has no other.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').ok_or("a { has no }")?;
            let field = FIELDS.into_iter().find(|field| *field == name);
            let field = field.ok_or_else(|| {
                format!(
                    "there is no field {{{name}}}. The fields are {}",
                    FIELDS.join(", ")
                )
            })?;
            pieces.extend([Piece::Text(before.to_owned()), Piece::Field(field)]);
            rest = after;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        let of_text = pieces.iter().filter_map(|piece| match piece {
            Piece::Text(text) => Some(text),
            Piece::Field(_) => None,
        });
        if of_text.clone().any(|text| text.contains('}')) {
            return Err("a } has no {".to_owned());
        }
        if of_text.clone().any(|text| text.contains(['/', '\\'])) {
            return Err("a name has no folders: leave out / and \\".to_owned());
        }
        Ok(Self(pieces))
    }

    /// Returns the name of a file without its extension. A field without a value is `none`.
    pub(super) fn fill<'v>(&self, value: impl Fn(&str) -> Option<&'v str>) -> String {
        let pieces = self.0.iter().map(|piece| match piece {
            Piece::Text(text) => text.as_str(),
            Piece::Field(field) => value(field).unwrap_or("none"),
        });
        pieces.collect()
    }
}

/// Makes names that are safe on every system, and each of them once.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// In lower case, with the number of the latest of its kind.
    taken: HashMap<String, u32>,
}

impl Names {
    /// Returns a name with an extension that no file has yet.
    pub(super) fn unique(&mut self, wanted: &str, extension: &str) -> String {
        let wanted = safe(wanted);
        let latest = self.taken.get(&key(&wanted)).copied().unwrap_or(0);
        for number in latest + 1.. {
            let suffix = match number {
                1 => String::new(),
                number => format!("-{number}"),
            };
            let room = MAX_BYTES - SIDECAR.len() - 1 - extension.len() - suffix.len();
            let stem = format!("{}{suffix}", cut(&wanted, room));
            if self.taken.contains_key(&key(&stem)) {
                continue;
            }
            self.taken.insert(key(&stem), 1);
            self.taken.insert(key(&wanted), number);
            return format!("{stem}.{extension}");
        }
        unreachable!("there are more numbers than files")
    }
}

/// Names that differ in case only are the same on some systems.
fn key(name: &str) -> String {
    name.to_lowercase()
}

/// Returns a text as a name: without separators, control characters, and what a system takes for something else.
fn safe(text: &str) -> String {
    let is_bad =
        |letter: char| letter.is_control() || "/\\:*?\"<>|".contains(letter) || is_unseen(letter);
    let text: String = text
        .chars()
        .take(MAX_BYTES)
        .map(|letter| if is_bad(letter) { '_' } else { letter })
        .collect();
    // A dot in front hides a file; `..` is a folder; Windows drops dots and spaces at the end; a dash begins an option.
    let text = text.trim_start_matches(['.', ' ', '-']);
    let text = text.trim_end_matches(['.', ' ']);
    let stem = text.split('.').next().unwrap_or("").trim_end();
    let upper = stem.to_uppercase();
    let is_numbered = |name: &str| {
        upper.strip_prefix(name).is_some_and(|number| {
            let mut number = number.chars();
            matches!(number.next(), Some('0'..='9' | '¹' | '²' | '³')) && number.next().is_none()
        })
    };
    let is_device = DEVICES.contains(&upper.as_str()) || is_numbered("COM") || is_numbered("LPT");
    match text {
        "" => "_".to_owned(),
        text if is_device => format!("_{text}"),
        text => text.to_owned(),
    }
}

/// Returns the beginning of a text that has at most so many bytes.
fn cut(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].trim_end_matches(['.', ' '])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn one(text: &str) -> String {
        Names::default().unique(text, "mp4")
    }

    #[test]
    fn names_are_safe_on_every_system() {
        for (wanted, name) in [
            ("a_b", "a_b.mp4"),
            ("../../etc/passwd", "_.._etc_passwd.mp4"),
            ("..", "_.mp4"),
            ("", "_.mp4"),
            (".hidden", "hidden.mp4"),
            ("-rf", "rf.mp4"),
            ("a\0b\nc", "a_b_c.mp4"),
            ("C:\\x", "C__x.mp4"),
            ("end. .", "end.mp4"),
            ("con", "_con.mp4"),
            ("NUL.txt", "_NUL.txt.mp4"),
            ("com1", "_com1.mp4"),
            ("LPT³", "_LPT³.mp4"),
            ("com10", "com10.mp4"),
            ("console", "console.mp4"),
            ("a\u{202e}4pm", "a_4pm.mp4"),
            ("a\u{61c}4pm\u{fff9}\u{e0041}", "a_4pm__.mp4"),
            ("電車", "電車.mp4"),
        ] {
            assert_eq!(one(wanted), name, "{wanted:?}");
        }
    }

    #[test]
    fn equal_names_get_numbers_also_if_only_their_case_differs() {
        let mut names = Names::default();
        let found = ["a", "A", "a-2", "a", "b"].map(|it| names.unique(it, "mp4"));
        assert_eq!(found, ["a.mp4", "A-2.mp4", "a-2-2.mp4", "a-3.mp4", "b.mp4"]);
        let mut names = Names::default();
        let long = "é".repeat(300);
        let (one, two) = (names.unique(&long, "mp4"), names.unique(&long, "mp4"));
        assert_ne!(one, two);
        assert!(two.ends_with("-2.mp4"));
    }

    #[test]
    fn a_template_names_its_mistakes() {
        let filled = Template::parse("x {username}-{date}").map(|it| {
            it.fill(|field| match field {
                "username" => Some("ann"),
                _ => None,
            })
        });
        assert_eq!(filled.as_deref(), Ok("x ann-none"));
        for text in ["{", "{x}", "}", "a/{username}", "{username}\\b"] {
            assert!(Template::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_name_leads_elsewhere(wanted: Vec<String>) {
            let mut names = Names::default();
            let mut seen = std::collections::HashSet::new();
            for text in wanted.iter().chain(&wanted) {
                let name = names.unique(text, "webp");
                prop_assert!(name.len() + SIDECAR.len() <= MAX_BYTES);
                prop_assert!(!name.contains(is_unseen));
                prop_assert!(!name.contains(['/', '\\', '\0']) && !name.starts_with('.'));
                prop_assert!(seen.insert(name.to_lowercase()));
            }
        }
    }
}
