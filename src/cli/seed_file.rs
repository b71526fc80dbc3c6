//! Reads seed files: one item per line, or a column of a CSV file.

use std::fmt;

use crate::model::Seed;
use crate::model::seed::{Kind, item};

/// An item that is not a seed.
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

/// Reads one item per line, or CSV with a header. Skips empty lines and lines that begin with `#`.
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

/// Heads of CSV columns with such seeds, best first.
fn columns(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Users => &[
            "user_id",
            "author_user_id",
            "id",
            "user",
            "username",
            "profile_url",
            "permalink",
            "url",
        ],
        Kind::Posts => &["post_id", "id", "post", "permalink", "post_url", "url"],
        Kind::Searches => &["query", "search", "username", "name"],
    }
}

fn header(kind: Kind, cells: &[String]) -> Option<usize> {
    let heads: Vec<String> = cells
        .iter()
        .map(|cell| cell.trim().to_lowercase())
        .collect();
    columns(kind)
        .iter()
        .find_map(|name| heads.iter().position(|head| head == name))
}

/// Splits a CSV line into cells. A quoted cell may contain commas and doubled quotes.
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

#[cfg(test)]
mod tests {
    use super::{Kind, read};

    #[test]
    fn a_bad_line_is_named_with_its_number_and_the_others_are_kept() {
        let (seeds, bad) = read(Kind::Users, "# people\n\nuser-a\nsomething\n@b\n");
        assert_eq!(seeds.len(), 2);
        assert_eq!(bad.iter().map(|bad| bad.line).collect::<Vec<_>>(), [4]);
        assert!(bad[0].to_string().starts_with("line 4: `something`"));
    }

    #[test]
    fn a_header_names_the_column_of_the_seeds() {
        let text = "\u{feff}name,User_ID\n\"Smith, \"\"Jo\"\"\",user-a\nx,\n";
        let (seeds, bad) = read(Kind::Users, text);
        assert_eq!(seeds[0].subject, "user-a");
        assert_eq!((seeds.len(), bad.len(), bad[0].line), (1, 1, 3));
    }
}
