//! What an operator has paused. A restart keeps it.

use std::collections::BTreeMap;

use sqlx::sqlite::SqlitePool;

use crate::model::PauseScope;
use crate::store::{Result, Store};

/// Returns the columns of a scope.
fn row(scope: &PauseScope) -> (&'static str, String) {
    match scope {
        PauseScope::All => ("all", String::new()),
        PauseScope::Endpoint(name) => ("endpoint", name.clone()),
        PauseScope::Seed(id) => ("seed", id.to_string()),
    }
}

/// What is paused, and since when in Unix seconds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pauses(BTreeMap<PauseScope, f64>);

impl<const N: usize> From<[(PauseScope, f64); N]> for Pauses {
    fn from(pauses: [(PauseScope, f64); N]) -> Self {
        Self(pauses.into())
    }
}

impl Pauses {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns since when everything is paused.
    #[must_use]
    pub fn all_since(&self) -> Option<f64> {
        self.0.get(&PauseScope::All).copied()
    }

    /// Returns whether no job of the endpoint may be called.
    #[must_use]
    pub fn covers_endpoint(&self, endpoint: &str) -> bool {
        let is_it =
            |scope: &PauseScope| matches!(scope, PauseScope::Endpoint(name) if name == endpoint);
        self.all_since().is_some() || self.0.keys().any(is_it)
    }

    /// Returns whether a job of this endpoint and seed may not be called.
    #[must_use]
    pub fn cover(&self, endpoint: &str, seed_id: i64) -> bool {
        self.covers_endpoint(endpoint) || self.0.contains_key(&PauseScope::Seed(seed_id))
    }

    /// Returns the ids of the paused seeds.
    #[must_use]
    pub fn seeds(&self) -> Vec<i64> {
        let seed = |scope: &PauseScope| match scope {
            PauseScope::Seed(id) => Some(*id),
            _ => None,
        };
        self.0.keys().filter_map(seed).collect()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&PauseScope, f64)> {
        self.0.iter().map(|(scope, since)| (scope, *since))
    }
}

/// Returns what is paused.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn pauses(pool: &SqlitePool) -> Result<Pauses> {
    let rows: Vec<(String, String, f64)> = sqlx::query_as("select scope, name, since from pauses")
        .fetch_all(pool)
        .await?;
    let pause = |(scope, name, since): (String, String, f64)| {
        let scope = match scope.as_str() {
            "endpoint" => PauseScope::Endpoint(name),
            "seed" => PauseScope::Seed(name.parse().unwrap_or(0)),
            _ => PauseScope::All,
        };
        (scope, since)
    };
    Ok(Pauses(rows.into_iter().map(pause).collect()))
}

impl Store {
    /// Pauses calls. Returns whether they were not paused before.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn pause(&self, scope: &PauseScope, now: f64) -> Result<bool> {
        let (scope, name) = row(scope);
        let mut transaction = self.begin().await?;
        let added = sqlx::query("insert into pauses values (?, ?, ?) on conflict do nothing")
            .bind(scope)
            .bind(name)
            .bind(now)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(added.rows_affected() > 0)
    }

    /// Resumes calls. [`PauseScope::All`] ends every pause, also those of endpoints and seeds. Returns whether something
    /// was paused.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn resume(&self, scope: &PauseScope) -> Result<bool> {
        let is_all = *scope == PauseScope::All;
        let (scope, name) = row(scope);
        let mut transaction = self.begin().await?;
        let ended = sqlx::query("delete from pauses where ?1 or (scope = ?2 and name = ?3)")
            .bind(is_all)
            .bind(scope)
            .bind(name)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(ended.rows_affected() > 0)
    }
}
