//! Counts of an imported reply that is older than those of the archive: they belong into the history.

use std::sync::OnceLock;

use sqlx::SqliteConnection;

use super::column::Kind;
use super::derive::counts_of;
use super::merge::{Entities, Merged};
use super::schema::tables;
use super::table::Outline;
use crate::model::Counts;
use crate::store::Result;
use crate::store::db::Statement;

/// The statements for one table with counts.
struct Past {
    given: &'static [&'static str],
    /// The entry before lasted beyond the observation and says something else: it goes on after it.
    resume_last: Statement,
    /// It ends before the observation.
    cut_last: Statement,
    /// The next entry of the history says the same: it begins earlier.
    widen_next: Statement,
    /// The entry before says the same: it lasts longer.
    widen_last: Statement,
    insert: Statement,
    /// The entry that pages of a run left begins with the first of them.
    begin_with_first: Statement,
}

/// Notes the counts of an imported page that the archive has newer ones of. It runs before the rows of the page are written.
pub(super) async fn note(connection: &mut SqliteConnection, all: &Merged<'_>) -> Result<()> {
    write_all(connection, all, What::Older).await
}

/// Lets the history of what several pages show, which were written as one, begin with the first of them. All of them say the
/// same counts, and are newer than the archive.
pub(super) async fn begin_with_first(
    connection: &mut SqliteConnection,
    all: &Merged<'_>,
) -> Result<()> {
    write_all(connection, all, What::Earlier).await
}

/// What counts do to the history.
#[derive(Clone, Copy)]
enum What {
    /// They are older than its newest entry.
    Older,
    /// They are those of its newest entry, shown before.
    Earlier,
}

async fn write_all(connection: &mut SqliteConnection, all: &Merged<'_>, what: What) -> Result<()> {
    static ALL: OnceLock<[Option<Past>; 3]> = OnceLock::new();
    let [users, posts, comments] = ALL.get_or_init(|| ["users", "posts", "comments"].map(past));
    write_of(connection, users, &all.users, |row| &row.counts, what).await?;
    write_of(connection, posts, &all.posts, |row| &row.counts, what).await?;
    write_of(connection, comments, &all.comments, |row| &row.counts, what).await
}

async fn write_of<'a, R: Sync>(
    connection: &mut SqliteConnection,
    past: &'static Option<Past>,
    of: &Entities<'a, &'a str, R>,
    counts: impl Fn(&'a R) -> &'a Counts,
    what: What,
) -> Result<()> {
    let Some(past) = past else { return Ok(()) };
    let mut counted = Vec::new();
    for (id, of) in &of.list {
        let mut rows = of.rows.iter();
        let first = rows.find(|shown| !counts(shown.row).is_empty());
        let last = of.counted(&counts);
        let shown = match what {
            What::Older => last,
            What::Earlier => first.filter(|it| last.is_some_and(|last| last.call_id > it.call_id)),
        };
        counted.extend(shown.map(|shown| (*id, of, shown)));
    }
    if counted.is_empty() {
        return Ok(());
    }
    let statements = match what {
        What::Older => &[
            &past.resume_last,
            &past.cut_last,
            &past.widen_next,
            &past.widen_last,
            &past.insert,
        ][..],
        What::Earlier => &[&past.begin_with_first],
    };
    for statement in statements {
        let write = statement.write(connection, &counted, |row, (id, of, shown)| {
            row.set("key", *id)
                .set("call_id", shown.call_id)
                .set("at", shown.at);
            for name in &past.given[3..] {
                row.set(name, of.newest(|one| counts(one).get(name)));
            }
        });
        write.await?;
    }
    Ok(())
}

/// Makes the statements for the table with this name; `None` if it has no history. The texts live as long as the program.
fn past(name: &str) -> Option<Past> {
    let table = tables().iter().find(|table| table.name == name)?;
    let history = tables()
        .iter()
        .find(|other| other.history_of == Some(table.name) && counts_of(other).next().is_some())?;
    let id = table
        .columns
        .iter()
        .find(|column| column.is_key && column.kind == Kind::Text)?
        .name;
    let key = history.columns.first()?.name;
    let counts: Vec<&'static str> = counts_of(table).collect();
    let given: Vec<&'static str> = ["key", "call_id", "at"]
        .into_iter()
        .chain(counts.iter().copied())
        .collect();
    let given: &'static [&'static str] = given.leak();
    let sql = |text: String| -> Statement {
        Statement {
            given,
            sql: text.leak(),
        }
    };
    let parts = Parts {
        history,
        key,
        from: format!(
            "given join {} t on t.{id} = given.key and t.counted_at > given.at",
            table.name
        ),
        counts,
    };
    Some(Past {
        given,
        resume_last: sql(parts.resume_last()),
        cut_last: sql(parts.cut_last()),
        widen_next: sql(parts.widen_next()),
        widen_last: sql(parts.widen_last()),
        insert: sql(parts.insert()),
        begin_with_first: sql(parts.begin_with_first(table.name, id)),
    })
}

/// What the statements of one table are made of.
struct Parts {
    history: &'static Outline,
    /// The column of the history that refers to the table.
    key: &'static str,
    /// The given counts that the archive has newer ones of.
    from: String,
    counts: Vec<&'static str>,
}

impl Parts {
    /// The entry before a given observation, or nothing.
    fn before(&self) -> String {
        let Self { history, key, .. } = self;
        let name = history.name;
        format!(
            "left join {name} p on p.{key} = t.id and p.observed_at =
                (select max(observed_at) from {name} where {key} = t.id and observed_at <= given.at)"
        )
    }

    /// The condition that a given observation differs from the entry before.
    fn differs(&self) -> String {
        let differing = self
            .counts
            .iter()
            .map(|count| format!("given.{count} is not null and given.{count} is not p.{count}"));
        let differing: Vec<String> = differing.collect();
        // An entry that begins at the same time stays: a time has one entry.
        format!(
            "(p.{} is null or p.observed_at <> given.at and ({}))",
            self.key,
            differing.join(" or ")
        )
    }

    /// The condition that the entry before lasts beyond a given observation.
    const LASTS: &str = "coalesce(p.last_observed_at, t.counted_at) > given.at";

    fn resume_last(&self) -> String {
        let name = self.history.name;
        let values: Vec<String> = self
            .counts
            .iter()
            .map(|count| format!("p.{count}"))
            .collect();
        format!(
            "insert into {name} ({}, call_id, observed_at, last_observed_at, {})
             select t.id, iif(p.last_observed_at is null, t.counted_call_id, p.call_id),
                coalesce(p.last_observed_at, t.counted_at), p.last_observed_at, {}
             from {} {} where p.{} is not null and {} and {}
             on conflict do nothing",
            self.key,
            self.counts.join(", "),
            values.join(", "),
            self.from,
            self.before(),
            self.key,
            self.differs(),
            Self::LASTS,
        )
    }

    fn cut_last(&self) -> String {
        let Self {
            history, key, from, ..
        } = self;
        let name = history.name;
        format!(
            "update {name} set last_observed_at = p.observed_at from {from} {}
             where {name}.{key} = p.{key} and {name}.observed_at = p.observed_at and {} and {}",
            self.before(),
            self.differs(),
            Self::LASTS,
        )
    }

    fn widen_next(&self) -> String {
        let Self {
            history,
            key,
            from,
            counts,
        } = self;
        let name = history.name;
        let same = counts
            .iter()
            .map(|count| format!("coalesce(given.{count}, p.{count}) is n.{count}"));
        let same: Vec<String> = same.collect();
        format!(
            "update {name} set observed_at = given.at, call_id = given.call_id from {from}
             join {name} n on n.{key} = t.id and n.observed_at =
                (select min(observed_at) from {name} where {key} = t.id and observed_at > given.at)
             {}
             where {name}.{key} = n.{key} and {name}.observed_at = n.observed_at and {} and {}",
            self.before(),
            self.differs(),
            same.join(" and "),
        )
    }

    fn widen_last(&self) -> String {
        let Self {
            history, key, from, ..
        } = self;
        let name = history.name;
        format!(
            "update {name} set last_observed_at = given.at from {from} {}
             where {name}.{key} = p.{key} and {name}.observed_at = p.observed_at
                and {name}.last_observed_at < given.at and not {}",
            self.before(),
            self.differs(),
        )
    }

    fn insert(&self) -> String {
        let Self {
            history,
            key,
            from,
            counts,
        } = self;
        let name = history.name;
        let values = counts
            .iter()
            .map(|count| format!("coalesce(given.{count}, p.{count})"));
        let values: Vec<String> = values.collect();
        format!(
            "insert into {name} ({key}, call_id, observed_at, last_observed_at, {})
             select t.id, given.call_id, given.at, given.at, {} from {from} {} where {}
             on conflict do nothing",
            counts.join(", "),
            values.join(", "),
            self.before(),
            self.differs(),
        )
    }

    /// An entry of the call that counted last is new: all other entries are of earlier calls.
    fn begin_with_first(&self, table: &str, id: &str) -> String {
        let (name, key) = (self.history.name, self.key);
        format!(
            "update {name} set observed_at = given.at, call_id = given.call_id
             from given join {table} t on t.{id} = given.key
             where {name}.{key} = t.id and {name}.call_id = t.counted_call_id"
        )
    }
}
