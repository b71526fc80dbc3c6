//! What a person may write for a seed: ids, addresses, names; one a line, or a column of CSV.

use std::fmt;

use crate::config::{Problem, Seeds};
use crate::store::{Seed, SeedKind};

/// What kind of seeds a text holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Users,
    Posts,
    Searches,
}

impl Kind {
    /// Heads of CSV columns that hold such seeds, best first.
    fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Users => &[
                "user_id",
                "author_user_id",
                "id",
                "user",
                "username",
                "profile_url",
                "permalink",
                "url",
            ],
            Self::Posts => &["post_id", "id", "post", "permalink", "post_url", "url"],
            Self::Searches => &["query", "search", "username", "name"],
        }
    }

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

/// An item that is no seed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bad {
    /// 1 for the first line.
    pub(super) line: usize,
    pub(super) why: String,
}

impl fmt::Display for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

/// Reads one item a line, or CSV with a header. Empty lines and lines that begin with `#` are passed over.
pub(super) fn read(kind: Kind, text: &str) -> (Vec<Seed>, Vec<Bad>) {
    let text = text.trim_start_matches('\u{feff}');
    let (mut seeds, mut bad) = (Vec::new(), Vec::new());
    let mut column = None;
    let mut is_first = true;
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let cells = cells(line);
        if std::mem::take(&mut is_first)
            && let Some(found) = header(kind, &cells)
        {
            column = Some(found);
            continue;
        }
        let item = match column {
            Some(column) => cells.get(column).map_or("", |cell| cell.trim()),
            None => line,
        };
        match self::item(kind, item) {
            Ok(seed) => seeds.push(seed),
            Err(why) => bad.push(Bad { line: at + 1, why }),
        }
    }
    (seeds, bad)
}

/// Reads one item.
pub(super) fn item(kind: Kind, text: &str) -> Result<Seed, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("there is nothing in it".to_owned());
    }
    if text.len() > 500 || text.chars().any(char::is_control) {
        return Err("it is too long, or holds control characters".to_owned());
    }
    kind.read(text)
}

fn header(kind: Kind, cells: &[String]) -> Option<usize> {
    let heads: Vec<String> = cells
        .iter()
        .map(|cell| cell.trim().to_lowercase())
        .collect();
    kind.columns()
        .iter()
        .find_map(|name| heads.iter().position(|head| head == name))
}

/// The cells of a CSV line; a quoted cell may hold commas and doubled quotes.
fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut is_quoted = false;
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        let last = cells.len() - 1;
        match letter {
            '"' if is_quoted && letters.peek() == Some(&'"') => {
                letters.next();
                cells[last].push('"');
            }
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => cells.push(String::new()),
            _ => cells[last].push(letter),
        }
    }
    cells
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

fn seed(kind: SeedKind, subject: &str) -> Seed {
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

/// What is wrong with the seeds of the configuration.
pub(super) fn problems(seeds: &Seeds) -> Vec<Problem> {
    let lists = [
        ("seeds.users", Kind::Users, &seeds.users),
        ("seeds.posts", Kind::Posts, &seeds.posts),
        ("seeds.searches", Kind::Searches, &seeds.searches),
    ];
    let of_list = |(key, kind, items): (&str, Kind, &Vec<String>)| -> Vec<Problem> {
        let bad = items.iter().filter_map(|text| item(kind, text).err());
        bad.map(|why| Problem {
            key: key.to_owned(),
            at: None,
            why,
        })
        .collect()
    };
    lists.into_iter().flat_map(of_list).collect()
}

/// The seeds of the configuration; what is wrong with them is `problems`' to say.
pub(super) fn of_config(seeds: &Seeds) -> Vec<Seed> {
    let lists = [
        (Kind::Users, &seeds.users),
        (Kind::Posts, &seeds.posts),
        (Kind::Searches, &seeds.searches),
    ];
    let mut all: Vec<Seed> = lists
        .into_iter()
        .flat_map(|(kind, items)| items.iter().filter_map(move |text| item(kind, text).ok()))
        .collect();
    all.extend(seeds.feed.then(|| seed(SeedKind::Feed, "")));
    all.extend(seeds.leaderboard.then(|| seed(SeedKind::Leaderboard, "")));
    all
}

#[cfg(test)]
mod tests {
    use super::{Kind, item, read};
    use crate::store::SeedKind;

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

    #[test]
    fn a_bad_line_is_named_with_its_number_and_the_others_are_kept() {
        let (seeds, bad) = read(Kind::Users, "# people\n\nuser-a\nnobody\n@b\n");
        assert_eq!(seeds.len(), 2);
        assert_eq!(bad.iter().map(|bad| bad.line).collect::<Vec<_>>(), [4]);
        assert!(bad[0].to_string().starts_with("line 4: `nobody`"));
    }

    #[test]
    fn a_header_names_the_column_of_the_seeds() {
        let text = "\u{feff}name,User_ID\n\"Smith, \"\"Jo\"\"\",user-a\nx,\n";
        let (seeds, bad) = read(Kind::Users, text);
        assert_eq!(seeds[0].subject, "user-a");
        assert_eq!((seeds.len(), bad.len(), bad[0].line), (1, 1, 3));
    }
}
