//! A column of an archive table: its kind, where its value comes from, and how observations merge.

use super::merge::Observed;
use crate::model::Counts;
use crate::store::db::Value;

/// A table that other tables refer to, and the column with the remote's text id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    pub table: &'static str,
    pub id: &'static str,
}

pub(super) const USER: Target = Target {
    table: "users",
    id: "user_id",
};
pub(super) const POST: Target = Target {
    table: "posts",
    id: "post_id",
};
pub(super) const COMMENT: Target = Target {
    table: "comments",
    id: "comment_id",
};

/// A row with counted columns.
pub(super) trait Counted {
    fn counts(&self) -> &Counts;
}

/// An entry of a list: what one call showed at a position.
pub(super) struct Entry {
    /// 0 for the first item of the page.
    pub(super) position: i64,
    /// 1 for the first item of the walk.
    pub(super) rank: i64,
    /// The text id of the listed post or user.
    pub(super) id: String,
    /// What was searched for; empty for other lists.
    pub(super) query: String,
    pub(super) token: Option<String>,
}

/// Where the value of a column comes from, which also is its kind.
pub(super) enum Source<R> {
    Text(fn(&R) -> Option<&str>),
    Integer(fn(&R) -> Option<i64>),
    Real(fn(&R) -> Option<f64>),
    /// Unix seconds.
    Time(fn(&R) -> Option<f64>),
    Flag(fn(&R) -> Option<bool>),
    /// The count of the column's own name.
    Count(fn(&R) -> &Counts),
    /// The remote's text id of a row of another table, stored as that row's number.
    Reference(Target, fn(&R) -> Option<&str>),
    /// When a reply last stated a count.
    CountedAt(fn(&R) -> &Counts),
    /// The call whose reply did.
    CountedCall(fn(&R) -> &Counts),
    FirstCall,
    LastCall,
    /// When the page was kept.
    Now,
}

/// What a later observation does to the stored value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Merge {
    /// The column is part of the key.
    Key,
    /// The newest stated value replaces it.
    Newest,
    /// The earliest call decides.
    Earliest,
    Least,
    Greatest,
}

/// A column of an archive table.
pub(super) struct Column<R> {
    pub(super) name: &'static str,
    pub(super) source: Source<R>,
    pub(super) merge: Merge,
    is_remote: bool,
    personal: Option<Personal>,
}

/// How the values of a column are about a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Personal {
    /// They identify a person, or are a person's pictures.
    Identity,
    /// Somebody wrote them, and may name people.
    Words,
}

/// The kind of a column's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Integer,
    Real,
    /// Unix seconds.
    Time,
    /// 0 or 1.
    Flag,
    /// A number with a history.
    Count,
    /// The number of a row of another table.
    Reference(Target),
    /// The number of a call.
    Call,
}

/// A column without the reader of its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColumnOutline {
    pub name: &'static str,
    pub kind: Kind,
    pub is_key: bool,
    /// The remote states the value; otherwise the archive does.
    pub is_remote: bool,
    /// None if the value is about no person.
    pub personal: Option<Personal>,
}

const fn column<R>(name: &'static str, source: Source<R>) -> Column<R> {
    Column {
        name,
        source,
        merge: Merge::Newest,
        is_remote: true,
        personal: None,
    }
}

pub(super) const fn text<R>(name: &'static str, read: fn(&R) -> Option<&str>) -> Column<R> {
    column(name, Source::Text(read))
}

pub(super) const fn integer<R>(name: &'static str, read: fn(&R) -> Option<i64>) -> Column<R> {
    column(name, Source::Integer(read))
}

pub(super) const fn real<R>(name: &'static str, read: fn(&R) -> Option<f64>) -> Column<R> {
    column(name, Source::Real(read))
}

pub(super) const fn time<R>(name: &'static str, read: fn(&R) -> Option<f64>) -> Column<R> {
    column(name, Source::Time(read))
}

pub(super) const fn flag<R>(name: &'static str, read: fn(&R) -> Option<bool>) -> Column<R> {
    column(name, Source::Flag(read))
}

pub(super) const fn count<R: Counted>(name: &'static str) -> Column<R> {
    column(name, Source::Count(R::counts))
}

pub(super) const fn reference<R>(
    name: &'static str,
    target: Target,
    read: fn(&R) -> Option<&str>,
) -> Column<R> {
    column(name, Source::Reference(target, read))
}

pub(super) const fn counted_at<R: Counted>() -> Column<R> {
    column("counted_at", Source::CountedAt(R::counts)).ours()
}

pub(super) const fn counted_call<R: Counted>() -> Column<R> {
    column("counted_call_id", Source::CountedCall(R::counts)).ours()
}

pub(super) const fn first_call<R>() -> Column<R> {
    column("first_call_id", Source::FirstCall)
        .merged(Merge::Least)
        .ours()
}

pub(super) const fn last_call<R>() -> Column<R> {
    column("last_call_id", Source::LastCall)
        .merged(Merge::Greatest)
        .ours()
}

/// The call that showed an entry.
pub(super) const fn call<R>() -> Column<R> {
    column("call_id", Source::FirstCall).key().ours()
}

pub(super) const fn now<R>(name: &'static str) -> Column<R> {
    column(name, Source::Now).ours()
}

impl<R> Column<R> {
    const fn merged(mut self, merge: Merge) -> Self {
        self.merge = merge;
        self
    }

    pub(super) const fn key(self) -> Self {
        self.merged(Merge::Key)
    }

    pub(super) const fn earliest(self) -> Self {
        self.merged(Merge::Earliest)
    }

    /// The archive states the value, not the remote.
    pub(super) const fn ours(mut self) -> Self {
        self.is_remote = false;
        self
    }

    pub(super) const fn personal(mut self) -> Self {
        self.personal = Some(Personal::Identity);
        self
    }

    pub(super) const fn words(mut self) -> Self {
        self.personal = Some(Personal::Words);
        self
    }

    fn kind(&self) -> Kind {
        match self.source {
            Source::Text(_) => Kind::Text,
            Source::Integer(_) => Kind::Integer,
            Source::Real(_) => Kind::Real,
            Source::Time(_) | Source::CountedAt(_) | Source::Now => Kind::Time,
            Source::Flag(_) => Kind::Flag,
            Source::Count(_) => Kind::Count,
            Source::Reference(target, _) => Kind::Reference(target),
            Source::CountedCall(_) | Source::FirstCall | Source::LastCall => Kind::Call,
        }
    }

    pub(super) fn outline(&self) -> ColumnOutline {
        ColumnOutline {
            name: self.name,
            kind: self.kind(),
            is_key: self.merge == Merge::Key,
            is_remote: self.is_remote,
            personal: self.personal,
        }
    }

    /// The value that the observed rows state for this column.
    pub(super) fn value<'a>(&self, of: &Observed<'a, R>) -> Value<'a> {
        let is_earliest = self.merge == Merge::Earliest;
        match self.source {
            Source::Text(read) => of.newest(read).into(),
            Source::Integer(read) => of.newest(read).into(),
            Source::Real(read) | Source::Time(read) => of.newest(read).into(),
            Source::Flag(read) => of.newest(read).into(),
            Source::Count(counts) => of.newest(|row| counts(row).get(self.name)).into(),
            Source::Reference(_, read) if is_earliest => of.earliest(read).into(),
            Source::Reference(_, read) => of.newest(read).into(),
            Source::CountedAt(counts) => of.counted(counts).map(|shown| shown.at).into(),
            Source::CountedCall(counts) => of.counted(counts).map(|shown| shown.call_id).into(),
            Source::FirstCall => of.first_call.into(),
            Source::LastCall => of.last_call.into(),
            Source::Now => of.now.into(),
        }
    }
}
