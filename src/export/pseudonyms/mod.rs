//! Exports that name nobody: ids become keyed hashes, texts lose names, and the rest that identifies people is left out.
//!
//! This is pseudonymous, not anonymous: a text can be searched for, and the shape of a network tells its nodes apart.

mod key;
mod names;
mod texts;

use std::borrow::Cow;
use std::collections::HashMap;

use futures_util::TryStreamExt;
use serde_json::{Value, json};

pub use key::Key;

use super::Error;
use crate::store::read::{About, Cell, ExportColumn, Snapshot};
pub(super) use key::Of;
use names::Names;
use texts::{Masked, Texts};

/// What pseudonyms do not protect, for the report.
pub const LIMITS: &str = "pseudonymous, not anonymous: texts can be searched for, and numbers, times and links between \
    users can tell who somebody is";

/// Replaces what identifies people.
pub(super) struct Pseudonyms {
    key: Key,
    texts: Texts,
    masked: Masked,
    is_coarse: bool,
    smallest_group: Option<i64>,
}

/// What becomes of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Treatment {
    Keep,
    LeaveOut,
    /// Ids become pseudonyms.
    Id(Of),
    /// The id of what the column `subject_kind` says.
    Subject,
    /// The id of a post if it is that of the thread, else of a comment.
    Entry,
    /// Words lose what identifies people.
    Words,
}

/// Returns what becomes of a column of a table.
pub(super) fn treatment(table: &str, column: &ExportColumn) -> Treatment {
    let name = column.name.as_str();
    if let Some(of) = id_of(name) {
        return Treatment::Id(of);
    }
    match (table, name, column.about()) {
        ("4cat", "id", _) => Treatment::Entry,
        ("4cat", "thread_id", _) => Treatment::Id(Of::Post),
        ("4cat", "author" | "body", _) => Treatment::Words,
        ("4cat", _, _) => Treatment::Keep,
        ("completeness", "subject_id", _) => Treatment::Subject,
        // The name or id of who is mentioned, whom `user_id` tells.
        ("mentions", "value", _) => Treatment::LeaveOut,
        (_, _, About::Identity) => Treatment::LeaveOut,
        (_, _, About::Words) => Treatment::Words,
        (_, _, About::Nobody) => Treatment::Keep,
    }
}

/// Returns what a column has the ids of.
fn id_of(column: &str) -> Option<Of> {
    let ids = [
        ("user_id", Of::User),
        ("post_id", Of::Post),
        ("comment_id", Of::Comment),
        ("attachment_id", Of::Attachment),
    ];
    let found = ids.iter().find(|(id, _)| column.ends_with(id));
    found.map(|(_, of)| *of)
}

/// Followers and other counts above this are not told apart.
const TOP: i64 = 1_000_000;

/// Times keep their day, and counts two digits.
fn coarsen(column: &ExportColumn, cell: &mut Cell<'_>) {
    match cell {
        Cell::Time(time) => *time = (*time / 86_400.0).floor() * 86_400.0,
        Cell::Integer(count) if column.name.ends_with("_count") => {
            let mut unit = 1;
            while count.abs() / unit >= 100 {
                unit *= 10;
            }
            *count = (*count / unit * unit).min(TOP);
        }
        _ => {}
    }
}

impl Pseudonyms {
    /// Reads the names of all users.
    pub(super) async fn new(
        key: Key,
        is_coarse: bool,
        snapshot: &mut Snapshot,
    ) -> Result<Self, Error> {
        let (mut names, mut usernames) = (Vec::new(), HashMap::new());
        let mut people = snapshot.people();
        while let Some(person) = people.try_next().await? {
            let pseudonym = key.pseudonym(Of::User, &person.user_id);
            if let Some(name) = &person.username {
                usernames.insert(name.to_lowercase(), pseudonym.clone());
            }
            let all = [Some(person.user_id), person.username, person.display_name];
            names.extend(all.into_iter().flatten().map(|it| (it, pseudonym.clone())));
        }
        drop(people);
        let of = |column: &str, id: &str| key.pseudonym(id_of(column).unwrap_or(Of::User), id);
        snapshot.order_by_pseudonyms(of).await?;
        Ok(Self {
            key,
            texts: Texts::new(Names::new(names).map_err(Error::Names)?, usernames),
            masked: Masked::default(),
            is_coarse,
            smallest_group: snapshot.smallest_group().await?,
        })
    }

    /// Replaces what identifies people in the cells of a row.
    pub(super) fn replace(
        &mut self,
        table: &str,
        columns: &[ExportColumn],
        cells: &mut [Cell<'_>],
    ) {
        for at in 0..cells.len() {
            if self.is_coarse {
                coarsen(&columns[at], &mut cells[at]);
            }
            let replaced = match (treatment(table, &columns[at]), &cells[at]) {
                (Treatment::Id(of), Cell::Text(id)) => self.key.pseudonym(of, id),
                (Treatment::Subject, Cell::Text(id)) => {
                    let kind = columns.iter().position(|it| it.name == "subject_kind");
                    match kind.map(|kind| &cells[kind]) {
                        Some(Cell::Text(kind)) if kind == "post" => {
                            self.key.pseudonym(Of::Post, id)
                        }
                        _ => self.key.pseudonym(Of::User, id),
                    }
                }
                (Treatment::Entry, Cell::Text(id)) => {
                    let thread = columns.iter().position(|it| it.name == "thread_id");
                    match thread.is_some_and(|thread| cells[thread] == cells[at]) {
                        true => self.key.pseudonym(Of::Post, id),
                        false => self.key.pseudonym(Of::Comment, id),
                    }
                }
                (Treatment::Words, Cell::Text(text)) => {
                    self.texts.without_people(text, &self.key, &mut self.masked)
                }
                _ => continue,
            };
            cells[at] = Cell::Text(Cow::Owned(replaced));
        }
    }

    /// Returns the pseudonym of a user.
    pub(super) fn user(&self, id: &str) -> String {
        self.key.pseudonym(Of::User, id)
    }

    /// Says what was done, for the manifest.
    pub(super) fn report(&self) -> Value {
        let Masked {
            names,
            ids,
            links,
            addresses,
            numbers,
        } = self.masked;
        json!({
            "method": "HMAC-SHA-256(key, what NUL id), 128 bits; u_ users, p_ posts, c_ comments, a_ attachments",
            "key_check": self.key.check(),
            "is_coarse": self.is_coarse,
            "smallest_group": self.smallest_group,
            "masked_in_texts": {
                "names": names, "ids": ids, "links": links, "e_mails": addresses, "numbers": numbers
            },
            "limits": LIMITS,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Cell, ExportColumn, coarsen};
    use crate::store::read::CellKind;

    #[test]
    fn coarse_values_keep_the_day_and_two_digits() {
        let column = |name: &str| ExportColumn {
            name: name.to_owned(),
            kind: CellKind::Integer,
        };
        for (name, exact, coarse) in [
            ("follower_count", Cell::Integer(0), Cell::Integer(0)),
            ("follower_count", Cell::Integer(99), Cell::Integer(99)),
            (
                "follower_count",
                Cell::Integer(12_345),
                Cell::Integer(12_000),
            ),
            (
                "view_count",
                Cell::Integer(5_000_049_588),
                Cell::Integer(1_000_000),
            ),
            ("call_id", Cell::Integer(12_345), Cell::Integer(12_345)),
            (
                "posted_at",
                Cell::Time(86_400.0 * 3.0 + 7.5),
                Cell::Time(86_400.0 * 3.0),
            ),
            ("posted_at", Cell::Time(-1.5), Cell::Time(-86_400.0)),
        ] {
            let mut cell = exact.clone();
            coarsen(&column(name), &mut cell);
            assert_eq!(cell, coarse, "{name} {exact:?}");
        }
    }
}
