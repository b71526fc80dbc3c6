//! A table of the archive, and the statements that follow from its columns.

use std::sync::OnceLock;

use super::column::{Column, ColumnOutline, Kind, Merge, Personal, Source, Target};
use super::merge::Observed;
use crate::store::db::{GivenRow, Statement};

/// A table without the readers of its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    pub name: &'static str,
    pub columns: Vec<ColumnOutline>,
    /// The table whose counts it keeps over time; `None` for a table of rows.
    pub history_of: Option<&'static str>,
    /// The setting with the last call whose reply its rows leave out, and the column with the call of a row.
    pub since: Option<(&'static str, &'static str)>,
}

/// What decides which of two observations is the later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// The order of the calls: each page is newer than what the archive has. A row that says nothing new of an entity keeps the
    /// call that it names for [`STILL_SECONDS`].
    Calls,
    /// The order of the calls, and each row names the last call that showed it.
    EachCall,
    /// The times of the calls: a page may be older than what the archive has.
    Times,
}

/// How long a row keeps the call that it names while other calls show the same. Most pages show users, posts and videos that
/// earlier pages have just shown, and to write them again costs more than the rows that are new.
pub(super) const STILL_SECONDS: u32 = 60;

/// A table of the archive, filled from rows of one kind.
pub(super) struct Table<R: 'static> {
    name: &'static str,
    columns: &'static [Column<R>],
    /// Many pages show the same row.
    is_shown_often: bool,
    upsert: OnceLock<Statement>,
    stub: OnceLock<Statement>,
    of_each: OnceLock<Statement>,
    stub_of_each: OnceLock<Statement>,
    by_time: OnceLock<Statement>,
    stub_by_time: OnceLock<Statement>,
    newer: OnceLock<Statement>,
}

impl<R> Table<R> {
    pub(super) const fn new(name: &'static str, columns: &'static [Column<R>]) -> Self {
        Self {
            name,
            columns,
            is_shown_often: false,
            upsert: OnceLock::new(),
            stub: OnceLock::new(),
            of_each: OnceLock::new(),
            stub_of_each: OnceLock::new(),
            by_time: OnceLock::new(),
            stub_by_time: OnceLock::new(),
            newer: OnceLock::new(),
        }
    }

    /// A table whose rows are shown by many pages.
    pub(super) const fn shown_often(mut self) -> Self {
        self.is_shown_often = true;
        self
    }

    pub(super) fn outline(&self) -> Outline {
        Outline {
            name: self.name,
            columns: self.columns.iter().map(Column::outline).collect(),
            history_of: None,
            since: None,
        }
    }

    /// The names of the key columns.
    pub(super) fn keys(&self) -> Vec<&'static str> {
        let keys = self
            .columns
            .iter()
            .filter(|column| column.merge == Merge::Key);
        keys.map(|column| column.name).collect()
    }

    /// The statement that writes described rows.
    pub(super) fn upsert(&self, order: Order) -> &Statement {
        let made = match order {
            Order::Calls => &self.upsert,
            Order::EachCall => &self.of_each,
            Order::Times => &self.by_time,
        };
        made.get_or_init(|| self.statement(order, |_| true))
    }

    /// The statement that writes rows of which only the key is known.
    pub(super) fn stub(&self, order: Order) -> &Statement {
        let made = match order {
            Order::Calls => &self.stub,
            Order::EachCall => &self.stub_of_each,
            Order::Times => &self.stub_by_time,
        };
        made.get_or_init(|| {
            self.statement(order, |column| {
                column.merge == Merge::Key
                    || matches!(column.source, Source::FirstCall | Source::LastCall)
            })
        })
    }

    /// The statement that finds stored rows which are newer than given ones.
    pub(super) fn newer(&self) -> &Statement {
        self.newer.get_or_init(|| {
            let keys = self.columns.iter().filter(|one| one.merge == Merge::Key);
            let (mut names, mut same) = (Vec::new(), Vec::new());
            for Column { name, source, .. } in keys {
                names.push(*name);
                same.push(match source {
                    Source::Reference(Target { table, id }, _) => {
                        format!("t.{name} = (select id from {table} where {id} = given.{name})")
                    }
                    _ => format!("t.{name} = given.{name}"),
                });
            }
            let has_counts = self
                .columns
                .iter()
                .any(|one| matches!(one.source, Source::CountedAt(_)));
            let counted = match has_counts {
                true => " or t.counted_at > given.at",
                false => "",
            };
            names.push("at");
            let sql = format!(
                "select 1 from given join {} t on {} join calls c on c.id = t.last_call_id
                 where c.settled_at > given.at{counted} limit 1",
                self.name,
                same.join(" and "),
            );
            Statement {
                given: names.leak(),
                sql: sql.leak(),
            }
        })
    }

    /// Returns whether stored rows are merged with later ones.
    pub(super) fn is_merged(&self) -> bool {
        let mut columns = self.columns.iter();
        columns.any(|one| matches!(one.source, Source::LastCall))
    }

    /// Sets the keys and the time of one row of `newer`.
    pub(super) fn fill_keys<'a>(&'static self, row: &mut GivenRow<'a>, of: &Observed<'a, R>) {
        for column in self.columns.iter().filter(|one| one.merge == Merge::Key) {
            row.set(column.name, column.value(of));
        }
        row.set("at", of.now);
    }

    /// Sets the values of one row of `upsert`.
    pub(super) fn fill<'a>(&'static self, row: &mut GivenRow<'a>, of: &Observed<'a, R>) {
        for column in self.columns {
            row.set(column.name, column.value(of));
        }
        self.fill_time(row, of);
    }

    /// Sets the time of one row of `upsert` or `stub`.
    pub(super) fn fill_time<'a>(&'static self, row: &mut GivenRow<'a>, of: &Observed<'a, R>) {
        if self.is_shown_often {
            row.set("kept_at", of.now);
        }
    }

    /// The texts live as long as the table, which is static: they are made once.
    fn statement(&self, order: Order, is_meant: impl Fn(&Column<R>) -> bool) -> Statement {
        let columns: Vec<&Column<R>> = self.columns.iter().filter(|one| is_meant(one)).collect();
        let names: Vec<&'static str> = columns.iter().map(|column| column.name).collect();
        let (mut values, mut joins) = (Vec::new(), String::new());
        for Column { name, source, .. } in &columns {
            match source {
                Source::Reference(Target { table, id }, _) => {
                    values.push(format!("of_{name}.id"));
                    joins.push_str(&format!(
                        " left join {table} as of_{name} on of_{name}.{id} = given.{name}"
                    ));
                }
                _ => values.push(format!("given.{name}")),
            }
        }
        let changes: Vec<String> = columns
            .iter()
            .filter_map(|one| match order {
                Order::Calls | Order::EachCall => one.on_conflict(),
                Order::Times => one.on_conflict_by_time(),
            })
            .collect();
        let is_due = match order == Order::Calls && self.is_shown_often {
            true => format!(" where {}", self.is_due(&columns)),
            false => String::new(),
        };
        let conflict = match self.is_merged() {
            true => format!("update set {}{is_due}", changes.join(", ")),
            false => "nothing".to_owned(),
        };
        let sql = format!(
            "insert into {} ({}) select {} from given{joins} where given.{} is not null on conflict ({}) do {conflict}",
            self.name,
            names.join(", "),
            values.join(", "),
            names[0],
            self.keys().join(", "),
        );
        let mut given = names;
        if self.is_shown_often {
            given.push("kept_at");
        }
        Statement {
            given: given.leak(),
            sql: sql.leak(),
        }
    }

    /// Whether a stored row is written again: something else is said of it, or the call that it names is old. All rows of a
    /// statement have one time.
    fn is_due(&self, columns: &[&Column<R>]) -> String {
        let mut reasons: Vec<String> = columns.iter().filter_map(|one| one.is_changed()).collect();
        reasons.push("excluded.first_call_id < first_call_id".to_owned());
        reasons.push(format!(
            "(select settled_at from calls where id = {}.last_call_id) < (select kept_at from given limit 1) - {STILL_SECONDS}",
            self.name
        ));
        reasons.join(" or ")
    }
}

/// Returns the outline of the table that keeps the counts of `of` over time: a row where one of them changed.
pub(super) fn history<R>(name: &'static str, of: &Table<R>, target: Target) -> Outline {
    let mut columns = vec![
        ColumnOutline {
            is_remote: true,
            ..key(target.id, Kind::Reference(target))
        },
        plain("call_id", Kind::Call),
        key("observed_at", Kind::Time),
        plain("last_observed_at", Kind::Time),
    ];
    let all = of.columns.iter().map(Column::outline);
    columns.extend(all.filter(|column| column.kind == Kind::Count));
    Outline {
        name,
        columns,
        history_of: Some(of.name),
        since: None,
    }
}

/// Returns the outline of the table with the names that users had before.
pub(super) fn former_names(name: &'static str, target: Target) -> Outline {
    let username = ColumnOutline {
        is_remote: true,
        personal: Some(Personal::Identity),
        ..plain("username", Kind::Text)
    };
    Outline {
        name,
        columns: vec![
            key(target.id, Kind::Reference(target)),
            username,
            key("until_call_id", Kind::Call),
        ],
        history_of: Some(target.table),
        since: Some(("names_since_call", "until_call_id")),
    }
}

const fn plain(name: &'static str, kind: Kind) -> ColumnOutline {
    ColumnOutline {
        name,
        kind,
        is_key: false,
        is_remote: false,
        personal: None,
    }
}

const fn key(name: &'static str, kind: Kind) -> ColumnOutline {
    ColumnOutline {
        is_key: true,
        ..plain(name, kind)
    }
}
