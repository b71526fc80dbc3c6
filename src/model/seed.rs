//! Seeds: what a crawl begins with, and how a person writes one.

mod address;

use super::subject::SubjectKind;

/// First letters of the ids of users and of characters (api/README.md §2).
pub const USER_IDS: &[&str] = &["user-", "ch_"];
/// First letters of the ids of posts.
const POST_IDS: &[&str] = &["s_"];
const USER_FORMS: &str = "write an id (user-… or ch_…), the address of a profile, or @name";
const POST_FORMS: &str = "write an id (s_…) or an address such as https://sora.chatgpt.com/p/s_…";

/// What kind of thing a seed is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SeedKind {
    User,
    /// A user's name without its `@`, to be looked up.
    Name,
    Post,
    Search,
    Feed,
    Leaderboard,
}

impl SeedKind {
    /// Every kind of seed.
    pub const ALL: [Self; 6] = [
        Self::User,
        Self::Name,
        Self::Post,
        Self::Search,
        Self::Feed,
        Self::Leaderboard,
    ];

    /// Returns the kind of subject that its jobs have.
    #[must_use]
    pub fn subject_kind(self) -> SubjectKind {
        match self {
            Self::User => SubjectKind::User,
            Self::Post => SubjectKind::Post,
            Self::Name | Self::Search => SubjectKind::Search,
            Self::Feed => SubjectKind::Feed,
            Self::Leaderboard => SubjectKind::Leaderboard,
        }
    }

    /// The word in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Name => "name",
            Self::Post => "post",
            Self::Search => "search",
            Self::Feed => "feed",
            Self::Leaderboard => "leaderboard",
        }
    }
}

/// A seed, as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Seed {
    pub kind: SeedKind,
    /// Empty for the feed and the leaderboard.
    pub subject: String,
}

/// What kind of seeds a text holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Users,
    Posts,
    Searches,
}

impl Kind {
    fn read(self, text: &str) -> Result<Seed, String> {
        match self {
            Self::Users => user(text),
            Self::Posts => post(text),
            Self::Searches => Ok(Seed {
                kind: SeedKind::Search,
                subject: text.to_owned(),
            }),
        }
    }
}

/// Reads one seed as a person writes it.
///
/// # Errors
/// Returns why the text is no seed of this kind.
pub fn item(kind: Kind, text: &str) -> Result<Seed, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("there is nothing in it".to_owned());
    }
    if text.len() > 500 || text.chars().any(char::is_control) {
        return Err("it is too long, or holds control characters".to_owned());
    }
    kind.read(text)
}

fn user(text: &str) -> Result<Seed, String> {
    if let Some(name) = text.strip_prefix('@') {
        return named(name);
    }
    if is_id(text, USER_IDS) {
        return Ok(seed(SeedKind::User, text));
    }
    match address::segments(text)? {
        Some(segments) => user_at(text, &segments),
        None => Err(format!("{}: {USER_FORMS}", quoted(text, "user"))),
    }
}

/// Reads the address of a profile, or of one of its lists.
fn user_at(text: &str, segments: &[String]) -> Result<Seed, String> {
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    match segments[..] {
        ["profile", "username", name, ..] => named(name),
        ["profile" | "profile_feed" | "character", subject, ..] if is_id(subject, USER_IDS) => {
            Ok(seed(SeedKind::User, subject))
        }
        ["profile", name, ..] => named(name.trim_start_matches('@')),
        [name] if name.starts_with('@') => named(&name[1..]),
        _ => Err(format!("{}: {USER_FORMS}", quoted(text, "user"))),
    }
}

/// Names are the same in upper and lower case.
fn named(name: &str) -> Result<Seed, String> {
    let is_name = !name.is_empty()
        && name
            .chars()
            .all(|letter| letter.is_alphanumeric() || "._-".contains(letter));
    if !is_name {
        return Err(format!(
            "`@{name}` is no name: write letters, digits, dots, `_` or `-` after the @"
        ));
    }
    Ok(seed(SeedKind::Name, &name.to_lowercase()))
}

fn post(text: &str) -> Result<Seed, String> {
    if is_id(text, POST_IDS) {
        return Ok(seed(SeedKind::Post, text));
    }
    let segments = address::segments(text)?.unwrap_or_default();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    match segments[..] {
        ["p" | "post", id, ..] if is_id(id, POST_IDS) => Ok(seed(SeedKind::Post, id)),
        _ => Err(format!("{}: {POST_FORMS}", quoted(text, "post"))),
    }
}

fn quoted(text: &str, what: &str) -> String {
    format!("`{text}` is no {what}")
}

pub fn seed(kind: SeedKind, subject: &str) -> Seed {
    Seed {
        kind,
        subject: subject.to_owned(),
    }
}

/// Ids are not judged by their length: short ones exist (api/README.md §2).
fn is_id(text: &str, prefixes: &[&str]) -> bool {
    prefixes.iter().any(|prefix| {
        text.strip_prefix(prefix).is_some_and(|rest| {
            !rest.is_empty()
                && rest
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::{Kind, SeedKind, item};

    #[test]
    fn ids_addresses_and_names_are_seeds() {
        for (kind, text, found, subject) in [
            (
                Kind::Users,
                "user-xiCyLclE6KJcdTXyvVq3Ontc",
                SeedKind::User,
                "user-xiCyLclE6KJcdTXyvVq3Ontc",
            ),
            (Kind::Users, "ch_6955e4af", SeedKind::User, "ch_6955e4af"),
            (Kind::Users, "@sam.1", SeedKind::Name, "sam.1"),
            (
                Kind::Users,
                "https://sora.chatgpt.com/profile/dakreekcraft",
                SeedKind::Name,
                "dakreekcraft",
            ),
            (
                Kind::Posts,
                "s_68e466aa780c8191b",
                SeedKind::Post,
                "s_68e466aa780c8191b",
            ),
            (
                Kind::Posts,
                "https://sora.chatgpt.com/p/s_68e8?x=1#y",
                SeedKind::Post,
                "s_68e8",
            ),
            (Kind::Searches, "two words", SeedKind::Search, "two words"),
            (Kind::Users, "@Sam_1", SeedKind::Name, "sam_1"),
            (
                Kind::Users,
                "https://Sora.ChatGPT.com/profile/caf%C3%A9/",
                SeedKind::Name,
                "café",
            ),
            (
                Kind::Users,
                "sora.chatgpt.com/profile/user-1?utm=x",
                SeedKind::User,
                "user-1",
            ),
            (
                Kind::Users,
                "https://sora.chatgpt.com/backend/project_y/profile/username/Bob",
                SeedKind::Name,
                "bob",
            ),
            (
                Kind::Users,
                "https://sora.chatgpt.com/backend/project_y/profile/user-1/followers?limit=2",
                SeedKind::User,
                "user-1",
            ),
            (
                Kind::Users,
                "https://sora.chatgpt.com/backend/project_y/profile_feed/ch_1?cut=appearances",
                SeedKind::User,
                "ch_1",
            ),
            (Kind::Users, "https://sora.com/@bob", SeedKind::Name, "bob"),
            (
                Kind::Posts,
                "https://sora.chatgpt.com/backend/project_y/post/s_1/tree",
                SeedKind::Post,
                "s_1",
            ),
        ] {
            let seed = item(kind, text).unwrap();
            assert_eq!((seed.kind, seed.subject.as_str()), (found, subject));
        }
        for (kind, text) in [
            (Kind::Users, "sam"),
            (Kind::Users, "user-"),
            (Kind::Users, "@"),
            (Kind::Posts, "https://example.com/q/s_1"),
            (Kind::Posts, "s_' or 1=1"),
            (Kind::Users, "@a/b"),
            (Kind::Users, "@a b"),
            (Kind::Users, "https://example.com/profile/bob"),
            (Kind::Users, "https://sora.chatgpt.com.evil.com/profile/bob"),
            (Kind::Users, "https://sora.chatgpt.com@evil.com/profile/bob"),
            (Kind::Users, "https://sora.chatgpt.com/profile/a%2Fb"),
            (Kind::Users, "https://sora.chatgpt.com/profile/"),
            (Kind::Users, "https://sora.chatgpt.com/p/s_1"),
            (Kind::Posts, "https://evil.com/p/s_1"),
            (Kind::Posts, "https://sora.chatgpt.com/profile/bob"),
        ] {
            assert!(item(kind, text).is_err(), "{text} was taken");
        }
    }
}
