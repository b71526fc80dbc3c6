//! What a later observation of a row does to a column, as SQL.

use super::column::{Column, Merge, Source};

impl<R> Column<R> {
    /// What a conflict with a stored row does to this column; `None` leaves it.
    pub(super) fn on_conflict(&self) -> Option<String> {
        let name = self.name;
        Some(match self.merge {
            Merge::Key => return None,
            Merge::Newest => format!("{name} = coalesce(excluded.{name}, {name})"),
            Merge::Earliest => {
                format!(
                    "{name} = iif(excluded.first_call_id < first_call_id, excluded.{name}, {name})"
                )
            }
            Merge::Least => format!("{name} = min({name}, excluded.{name})"),
            Merge::Greatest => format!("{name} = max({name}, excluded.{name})"),
        })
    }

    /// What a conflict does if the observation may be older than the stored one: the times of the calls decide, and an older
    /// value only fills a column that has none.
    pub(super) fn on_conflict_by_time(&self) -> Option<String> {
        const FIRST: &str = "(select settled_at from calls where id = excluded.first_call_id)
            < (select settled_at from calls c where c.id = first_call_id)";
        const LAST: &str = "(select settled_at from calls where id = excluded.last_call_id)
            >= (select settled_at from calls c where c.id = last_call_id)";
        const COUNTED: &str = "coalesce(excluded.counted_at >= counted_at, 1)";
        let name = self.name;
        let newest = |is_newer: &str| {
            format!(
                "{name} = iif({is_newer}, coalesce(excluded.{name}, {name}), coalesce({name}, excluded.{name}))"
            )
        };
        Some(match (self.merge, &self.source) {
            (Merge::Key, _) => return None,
            (Merge::Newest, Source::Count(_) | Source::CountedAt(_) | Source::CountedCall(_)) => {
                newest(COUNTED)
            }
            (Merge::Newest, _) => newest(LAST),
            (Merge::Earliest | Merge::Least, _) => {
                format!("{name} = iif({FIRST}, excluded.{name}, {name})")
            }
            (Merge::Greatest, _) => format!("{name} = iif({LAST}, excluded.{name}, {name})"),
        })
    }
}
