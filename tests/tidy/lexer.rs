//! Separates code, string literals and comments, so that a rule about code ignores comments.

/// A source file, taken apart.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Source {
    /// The code, without comments and with empty string literals.
    pub(crate) code: String,
    /// The contents of the string literals.
    pub(crate) texts: Vec<String>,
}

pub(crate) fn read(source: &str) -> Source {
    let mut found = Source::default();
    let mut rest = source;
    while let Some(letter) = rest.chars().next() {
        rest = if rest.starts_with("//") {
            rest.find('\n').map_or("", |end| &rest[end..])
        } else if rest.starts_with("/*") {
            rest.split_once("*/").map_or("", |(_, rest)| rest)
        } else if letter == '"' {
            text(rest, "\"", true, &mut found)
        } else if let Some(hashes) = raw(rest, &found.code) {
            text(
                &rest[1 + hashes..],
                &format!("\"{}", "#".repeat(hashes)),
                false,
                &mut found,
            )
        } else if let Some(length) = letter_literal(rest) {
            found.code.push_str("' '");
            &rest[length..]
        } else {
            found.code.push(letter);
            &rest[letter.len_utf8()..]
        };
    }
    found
}

/// Returns the number of `#` if a raw string begins here.
fn raw(rest: &str, before: &str) -> Option<usize> {
    let after = rest.strip_prefix('r')?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    let is_name = before
        .chars()
        .last()
        .is_some_and(|last| last.is_alphanumeric() && last != 'b' || last == '_');
    (after[hashes..].starts_with('"') && !is_name).then_some(hashes)
}

/// Reads the string that begins here with `"`, up to `end`, and returns the rest.
fn text<'a>(rest: &'a str, end: &str, has_escapes: bool, found: &mut Source) -> &'a str {
    let inner = &rest[1..];
    let mut at = 0;
    while at < inner.len() && !inner[at..].starts_with(end) {
        let step = if has_escapes && inner[at..].starts_with('\\') {
            1
        } else {
            0
        };
        at += step;
        at += inner[at..].chars().next().map_or(1, char::len_utf8);
    }
    let at = at.min(inner.len());
    found.code.push_str("\"\"");
    found.texts.push(inner[..at].to_owned());
    inner.get(at + end.len()..).unwrap_or("")
}

/// Returns the length of a character literal; `None` for a lifetime.
fn letter_literal(rest: &str) -> Option<usize> {
    let inner = rest.strip_prefix('\'')?;
    let length = if let Some(escape) = inner.strip_prefix('\\') {
        1 + escape[1..].find('\'')? + 1
    } else {
        inner.chars().next()?.len_utf8()
    };
    inner[length..].starts_with('\'').then_some(length + 2)
}

#[test]
fn comments_and_texts_are_no_code() {
    let source = read(
        "let a = \"x // \\\" y\"; // \"no\"\nlet b = r#\"raw \" text\"#; /* c */ fn f<'a>(q: &'a u8) { '\"'; '\\'' }",
    );
    assert_eq!(source.texts, ["x // \\\" y", "raw \" text"]);
    assert_eq!(
        source.code,
        "let a = \"\"; \nlet b = \"\";  fn f<'a>(q: &'a u8) { ' '; ' ' }"
    );
}
