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
    /// The order of the calls: each page is newer than what the archive has.
    OfCalls,
    /// The times of the calls: a page may be older than what the archive has.
    OfTimes,
}

/// A table of the archive, filled from rows of one kind.
pub(super) struct Table<R: 'static> {
    name: &'static str,
    columns: &'static [Column<R>],
    upsert: OnceLock<Statement>,
    stub: OnceLock<Statement>,
    by_time: OnceLock<Statement>,
    stub_by_time: OnceLock<Statement>,
    newer: OnceLock<Statement>,
}

impl<R> Table<R> {
    pub(super) const fn new(name: &'static str, columns: &'static [Column<R>]) -> Self {
        Self {
            name,
            columns,
            upsert: OnceLock::new(),
            stub: OnceLock::new(),
            by_time: OnceLock::new(),
            stub_by_time: OnceLock::new(),
            newer: OnceLock::new(),
        }
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
            Order::OfCalls => &self.upsert,
            Order::OfTimes => &self.by_time,
        };
        made.get_or_init(|| self.statement(order, |_| true))
    }

    /// The statement that writes rows of which only the key is known.
    pub(super) fn stub(&self, order: Order) -> &Statement {
        let made = match order {
            Order::OfCalls => &self.stub,
            Order::OfTimes => &self.stub_by_time,
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
                Order::OfCalls => one.on_conflict(),
                Order::OfTimes => one.on_conflict_by_time(),
            })
            .collect();
        let conflict = match self.is_merged() {
            true => format!("update set {}", changes.join(", ")),
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
        Statement {
            given: names.leak(),
            sql: sql.leak(),
        }
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
