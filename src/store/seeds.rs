//! Seeds: what somebody asked for, and the jobs that begin there.

use super::queue::{self, Origin};
use super::{Result, Store};
use crate::model::NewJob;

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

/// What became of some seeds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seeded {
    pub new_seeds: u64,
    pub known_seeds: u64,
    pub new_jobs: u64,
}

impl Store {
    /// Plants seeds with the jobs that begin at each. What is there already stays as it is.
    ///
    /// # Errors
    /// Where the archive cannot be written; then none of them is planted.
    pub async fn plant(&self, seeds: &[(Seed, Vec<NewJob>)], now: f64) -> Result<Seeded> {
        let mut transaction = self.begin().await?;
        let mut seeded = Seeded::default();
        let before = queue::total_jobs(&mut transaction).await?;
        for (seed, jobs) in seeds {
            let known: Option<i64> =
                sqlx::query_scalar("select id from seeds where kind = ? and subject = ?")
                    .bind(seed.kind.as_str())
                    .bind(&seed.subject)
                    .fetch_optional(&mut *transaction)
                    .await?;
            let seed_id = match known {
                Some(id) => {
                    seeded.known_seeds += 1;
                    id
                }
                None => {
                    seeded.new_seeds += 1;
                    sqlx::query_scalar(
                        "insert into seeds (kind, subject, added_at) values (?, ?, ?) returning id",
                    )
                    .bind(seed.kind.as_str())
                    .bind(&seed.subject)
                    .bind(now)
                    .fetch_one(&mut *transaction)
                    .await?
                }
            };
            let origin = Origin {
                seed_id,
                parent_job_id: None,
                resolves_name: seed.kind == SeedKind::Name,
                now,
            };
            queue::enqueue(&mut transaction, jobs, origin).await?;
        }
        seeded.new_jobs = queue::total_jobs(&mut transaction).await? - before;
        transaction.commit().await?;
        Ok(seeded)
    }

    /// All seeds there are.
    ///
    /// # Errors
    /// Where the archive cannot be read.
    pub async fn seeds(&self) -> Result<Vec<Seed>> {
        let rows: Vec<(String, String)> =
            sqlx::query_as("select kind, subject from seeds order by id")
                .fetch_all(self.readers())
                .await?;
        Ok(rows
            .into_iter()
            .filter_map(|(kind, subject)| {
                let kind = [
                    SeedKind::User,
                    SeedKind::Name,
                    SeedKind::Post,
                    SeedKind::Search,
                    SeedKind::Feed,
                    SeedKind::Leaderboard,
                ]
                .into_iter()
                .find(|known| known.as_str() == kind)?;
                Some(Seed { kind, subject })
            })
            .collect())
    }

    /// The id of the user who is called exactly so, in whatever case, where a reply has shown him.
    ///
    /// # Errors
    /// Where the archive cannot be read.
    pub async fn user_named(&self, name: &str) -> Result<Option<String>> {
        Ok(sqlx::query_scalar(
            "select user_id from users where username = ? collate nocase order by id limit 1",
        )
        .bind(name)
        .fetch_optional(self.readers())
        .await?)
    }
}
