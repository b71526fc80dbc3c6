//! What a text refers to: users, hashtags and URLs.
//!
//! The remote marks a mention in two ways: a facet beside the text (api/README.md §11, `text_facets`), and a token
//! `<@user-…>` inside it. Names, hashtags and URLs are read from the text by the rules that social media share.

use super::fields::is_id;
use crate::model::{Entity, EntityKind};

/// Longest name, hashtag or URL that is kept, in bytes.
const MOST_BYTES: usize = 2_048;

/// Reads the texts of the post or comment `id`, each entity once.
pub fn entities<'t>(id: &str, texts: impl IntoIterator<Item = &'t str>) -> Vec<Entity> {
    let mut found = Vec::new();
    for text in texts {
        scan(text, |kind, value| {
            let entity = Entity {
                id: id.to_owned(),
                user_id: (kind == EntityKind::Token).then(|| value.clone()),
                kind,
                value,
            };
            if !found.contains(&entity) {
                found.push(entity);
            }
        });
    }
    found
}

fn scan(text: &str, mut found: impl FnMut(EntityKind, String)) {
    let (mut at, mut before) = (0, None);
    while let Some(next) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let rest = &text[at..];
        let taken = token(rest)
            .or_else(|| url(rest, before))
            .or_else(|| hashtag(rest, before))
            .or_else(|| name(rest, before));
        at += match taken {
            Some((kind, value, bytes)) => {
                if value.len() <= MOST_BYTES {
                    found(kind, value);
                }
                bytes
            }
            None => next.len_utf8(),
        };
        before = text[..at].chars().next_back();
    }
}

/// What begins at a place: its kind, its value, and the number of bytes that it takes.
type Taken = Option<(EntityKind, String, usize)>;

/// `<@user-…>` or `<@ch_…>`.
fn token(rest: &str) -> Taken {
    let inner = rest.strip_prefix("<@")?;
    let (id, _) = inner.split_once('>')?;
    let is_user = (id.starts_with("user-") || id.starts_with("ch_")) && is_id(id);
    (is_user && !id.contains(char::is_whitespace))
        .then(|| (EntityKind::Token, id.to_owned(), id.len() + 3))
}

/// A URL with a scheme, up to a blank or a character that no URL has, without the punctuation of the sentence.
fn url(rest: &str, before: Option<char>) -> Taken {
    let scheme = ["https://", "http://"].into_iter().find(|scheme| {
        rest.get(..scheme.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(scheme))
    })?;
    if before.is_some_and(|it| it.is_ascii_alphanumeric()) {
        return None;
    }
    let ends = |it: char| {
        it.is_whitespace()
            || it.is_control()
            || "<>\"`{}|\\^“”«»「」『』、。，！？（）".contains(it)
    };
    let mut url = rest.split(ends).next().unwrap_or_default();
    loop {
        let trimmed = url.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '*', '…', '’']);
        let is_open = |open, close| trimmed.matches(open).count() >= trimmed.matches(close).count();
        let next = match trimmed.chars().next_back() {
            Some(')') if !is_open('(', ')') => &trimmed[..trimmed.len() - 1],
            Some(']') if !is_open('[', ']') => &trimmed[..trimmed.len() - 1],
            _ => trimmed,
        };
        if next.len() == url.len() {
            break;
        }
        url = next;
    }
    (url.len() > scheme.len()).then(|| (EntityKind::Url, url.to_owned(), url.len()))
}

/// `#` and letters, digits or `_` in any script, not digits alone. The value is in lower case, without `#`.
fn hashtag(rest: &str, before: Option<char>) -> Taken {
    let sign = rest.chars().next().filter(|it| "#＃".contains(*it))?;
    if before.is_some_and(|it| it.is_alphanumeric() || "&_/#＃".contains(it)) {
        return None;
    }
    let word = &rest[sign.len_utf8()..];
    let word = &word[..word.find(|it| !is_of_word(it)).unwrap_or(word.len())];
    let is_number = word.chars().all(|it| it.is_numeric() || it == '_');
    (!is_number).then(|| {
        let bytes = sign.len_utf8() + word.len();
        (EntityKind::Hashtag, word.to_lowercase(), bytes)
    })
}

/// Letters and digits of any script, `_`, and the marks that combine with letters.
fn is_of_word(it: char) -> bool {
    let is_mark = matches!(it, '\u{300}'..='\u{36f}' | '\u{200c}' | '\u{200d}' | '\u{fe0e}' | '\u{fe0f}'
        | '\u{93a}'..='\u{94f}' | '\u{e31}' | '\u{e34}'..='\u{e3a}' | '\u{e47}'..='\u{e4e}');
    it.is_alphanumeric() || it == '_' || is_mark
}

/// `@` and a name of ASCII letters, digits, `.`, `_` and `-`, not within a mail address. The value is in lower case.
fn name(rest: &str, before: Option<char>) -> Taken {
    let word = rest.strip_prefix('@')?;
    if before.is_some_and(|it| it.is_alphanumeric() || "@._-+%<".contains(it)) {
        return None;
    }
    let is_of_name = |it: char| it.is_ascii_alphanumeric() || "._-".contains(it);
    let word = &word[..word.find(|it| !is_of_name(it)).unwrap_or(word.len())];
    let word = word.trim_end_matches(['.', '-']);
    let has_name = word.contains(|it: char| it.is_ascii_alphanumeric());
    has_name.then(|| (EntityKind::Name, word.to_ascii_lowercase(), word.len() + 1))
}

#[cfg(test)]
mod tests {
    use super::entities;

    fn found(text: &str) -> String {
        let all = entities("s_1", [text]);
        let all = all
            .iter()
            .map(|it| format!("{} {}", it.kind.as_str(), it.value));
        all.collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn mentions_hashtags_and_urls_are_read_from_a_text() {
        for (text, expected) in [
            ("hello @Bob, and @mira.2.", "name bob | name mira.2"),
            ("<@user-AbC1> and <@ch_9>!", "token user-AbC1 | token ch_9"),
            ("mail me@bob.example or <me@x.example>", ""),
            ("(@bob) \"@bob\" @BOB", "name bob"),
            ("@ @. @- @@bob", ""),
            (
                "#Film #2025 #2025film a#b &#39; ##x",
                "hashtag film | hashtag 2025film",
            ),
            (
                "＃電車、#قصة #कहानी",
                "hashtag 電車 | hashtag قصة | hashtag कहानी",
            ),
            (
                "see https://a.example/p?q=#top, (http://b.example/x_(y)).",
                "url https://a.example/p?q=#top | url http://b.example/x_(y)",
            ),
            (
                "https://a.example/@bob #x",
                "url https://a.example/@bob | hashtag x",
            ),
            ("HTTPS://A.example。続き", "url HTTPS://A.example"),
            ("https:// http://", ""),
            ("<@nobody> <@user-a b>", ""),
            ("@bob's #film's", "name bob | hashtag film"),
            (
                "@bob\u{202e}#tag\u{1b}@eve",
                "name bob | hashtag tag | name eve",
            ),
        ] {
            assert_eq!(found(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_token_names_its_user_and_each_entity_is_found_once() {
        let all = entities("s_1", ["@bob <@user-1>", "@BOB <@user-1>"]);
        let users: Vec<_> = all.iter().map(|it| it.user_id.as_deref()).collect();
        assert_eq!(users, [None, Some("user-1")]);
        assert!(all.iter().all(|it| it.id == "s_1"));
    }
}
