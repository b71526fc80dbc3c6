//! Seeds: what a crawl begins with, and how a person writes one.

use super::subject::SubjectKind;

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
    if let Some(rest) = below_site(text, "profile") {
        return if is_id(rest, &["user-", "ch_"]) {
            Ok(seed(SeedKind::User, rest))
        } else {
            named(rest)
        };
    }
    if is_id(text, &["user-", "ch_"]) {
        return Ok(seed(SeedKind::User, text));
    }
    Err(format!(
        "`{text}` is no user: write an id (user-… or ch_…), the address of a profile, or @name"
    ))
}

fn named(name: &str) -> Result<Seed, String> {
    if name.is_empty() || name.contains(char::is_whitespace) {
        return Err(format!("`@{name}` is no name"));
    }
    Ok(seed(SeedKind::Name, name))
}

fn post(text: &str) -> Result<Seed, String> {
    let id = below_site(text, "p").unwrap_or(text);
    if is_id(id, &["s_"]) {
        return Ok(seed(SeedKind::Post, id));
    }
    Err(format!(
        "`{text}` is no post: write an id (s_…) or an address such as https://sora.chatgpt.com/p/s_…"
    ))
}

pub fn seed(kind: SeedKind, subject: &str) -> Seed {
    Seed {
        kind,
        subject: subject.to_owned(),
    }
}

/// The part of an address after `/{folder}/`, without what follows it.
fn below_site<'a>(text: &'a str, folder: &str) -> Option<&'a str> {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"))?;
    let (_, path) = rest.split_once('/')?;
    let item = path.strip_prefix(folder)?.strip_prefix('/')?;
    let item = item.split(['?', '#', '/']).next()?;
    (!item.is_empty()).then_some(item)
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
        ] {
            assert!(item(kind, text).is_err(), "{text} was taken");
        }
    }
}
