//! The zstd dictionaries of raw replies, and the replies they are trained with.

use futures_util::TryStreamExt;
use sqlx::{FromRow, Row};

use crate::store::read::Snapshot;
use crate::store::{Result, Store};

/// The largest number of replies that a dictionary is trained with.
const SAMPLES: u32 = 256;
/// The largest compressed size that is read for training: a few large replies are enough.
const SAMPLES_BYTES: usize = 2 << 20;

const ALL: &str =
    "select id, endpoint, made_at, replies, checksum, dictionary from dictionaries order by id";

/// A zstd dictionary for the replies of one endpoint.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct Dictionary {
    /// The dictionary id in zstd frames.
    pub id: i64,
    pub endpoint: String,
    pub made_at: f64,
    /// Number of replies it was trained with.
    pub replies: i64,
    /// Hash of `bytes`, taken when it was trained.
    pub checksum: i64,
    #[sqlx(rename = "dictionary")]
    pub bytes: Vec<u8>,
}

impl Store {
    /// All dictionaries.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn dictionaries(&self) -> Result<Vec<Dictionary>> {
        dictionaries_of(&mut *self.readers().acquire().await?).await
    }

    /// Stores a new dictionary, unless people are being erased: they may be in it. Returns whether it did. Then it is on disk,
    /// and frames may use it.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written, or already has a dictionary for this endpoint or with this
    /// number.
    pub async fn keep_dictionary(&self, dictionary: &Dictionary) -> Result<bool> {
        let mut transaction = self.begin().await?;
        let kept = sqlx::query(
            "insert into dictionaries (id, endpoint, made_at, replies, checksum, dictionary)
             select ?, ?, ?, ?, ?, ? where not exists (select 1 from erasing)",
        )
        .bind(dictionary.id)
        .bind(&dictionary.endpoint)
        .bind(dictionary.made_at)
        .bind(dictionary.replies)
        .bind(dictionary.checksum)
        .bind(&dictionary.bytes)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(kept.rows_affected() > 0)
    }

    /// The newest kept replies of an endpoint, compressed. At most a few hundred replies and a few megabytes.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn newest_replies(&self, endpoint: &str) -> Result<Vec<Vec<u8>>> {
        let mut rows = sqlx::query(
            "select body from calls where kept_group is not null and endpoint = ? and body is not null
             order by kept_group desc, id desc limit ?",
        )
        .bind(endpoint)
        .bind(SAMPLES)
        .fetch(self.readers());
        let (mut replies, mut bytes) = (Vec::new(), 0);
        while let Some(row) = rows.try_next().await? {
            let body: Vec<u8> = row.try_get(0)?;
            bytes += body.len();
            replies.push(body);
            if bytes >= SAMPLES_BYTES {
                break;
            }
        }
        Ok(replies)
    }
}

/// All dictionaries of an archive that need not be this one.
pub(in crate::store) async fn dictionaries_of(
    connection: &mut sqlx::SqliteConnection,
) -> Result<Vec<Dictionary>> {
    Ok(sqlx::query_as(ALL).fetch_all(connection).await?)
}

impl Snapshot {
    /// All dictionaries in this snapshot.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn dictionaries(&mut self) -> Result<Vec<Dictionary>> {
        dictionaries_of(self.connection()).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Budget, Harvest, MicroUsd};
    use crate::store::{OpenCall, Outcome, RunKind, Settlement};

    async fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("a.db")).await.unwrap();
        (folder, store)
    }

    fn dictionary(id: i64, endpoint: &str) -> Dictionary {
        Dictionary {
            id,
            endpoint: endpoint.to_owned(),
            made_at: 7.5,
            replies: 64,
            checksum: i64::MIN,
            bytes: vec![1, 0, 255],
        }
    }

    /// Settles a call with this body, as a kept page or not.
    async fn reply(store: &Store, endpoint: &'static str, body: Option<&[u8]>, is_kept: bool) {
        let run = store.start_run(RunKind::Call, 1, 1.0).await.unwrap();
        let call = OpenCall {
            run_id: run.id,
            lease: None,
            seed_id: None,
            endpoint,
            subject: String::new(),
            cursor: None,
            price: MicroUsd(1),
            budget: Budget::default(),
            day: "2026-01-01".to_owned(),
            now: 1.0,
            imported_from: None,
        };
        let call_id = store.open_call(&call).await.unwrap();
        let settlement = Settlement {
            outcome: Outcome::Answered,
            charge: MicroUsd(1),
            http_status: Some(200),
            error: None,
            request_id: None,
            body_bytes: None,
            body: body.map(<[u8]>::to_vec),
        };
        let settled = if is_kept {
            store
                .keep_call(call_id, "", &settlement, &Harvest::default(), 1.0)
                .await
        } else {
            store.settle_call(call_id, &settlement, 1.0).await
        };
        settled.unwrap();
    }

    #[tokio::test]
    async fn a_dictionary_is_read_as_written_and_a_second_one_is_refused() {
        let (_folder, store) = store().await;
        let (one, other) = (dictionary(u32::MAX.into(), "one"), dictionary(2, "other"));
        assert!(store.keep_dictionary(&one).await.unwrap());
        assert!(store.keep_dictionary(&other).await.unwrap());
        for refused in [dictionary(3, "one"), dictionary(2, "third")] {
            assert!(store.keep_dictionary(&refused).await.is_err());
        }
        assert_eq!(store.dictionaries().await.unwrap(), [other, one]);
    }

    #[tokio::test]
    async fn no_dictionary_is_kept_while_people_are_erased() {
        let (_folder, store) = store().await;
        let term = crate::store::Term {
            kind: "user",
            value: "user-1".to_owned(),
            hash: None,
        };
        let terms = [term];
        let request = store.request_erasures(&[], &terms, &[], 1.0);
        request.await.unwrap();
        let one = dictionary(1, "one");
        assert!(!store.keep_dictionary(&one).await.unwrap());
        assert_eq!(store.dictionaries().await.unwrap(), []);
        store.forget_erasing().await.unwrap();
        assert!(store.keep_dictionary(&one).await.unwrap());
    }

    #[tokio::test]
    async fn only_kept_replies_of_the_endpoint_are_read_newest_first() {
        let (_folder, store) = store().await;
        for number in 0..4 {
            reply(&store, "one", Some(&[number]), true).await;
            reply(&store, "other", Some(b"x"), true).await;
            reply(&store, "one", Some(b"y"), false).await;
            reply(&store, "one", None, true).await;
        }
        let newest = store.newest_replies("one").await.unwrap();
        assert_eq!(newest, [[3], [2], [1], [0]]);
        assert_eq!(store.newest_replies("two").await.unwrap(), [[0; 0]; 0]);
    }

    #[tokio::test]
    async fn reading_large_replies_stops_at_the_size_limit() {
        let (_folder, store) = store().await;
        for _ in 0..4 {
            reply(&store, "one", Some(&vec![0; SAMPLES_BYTES / 2]), true).await;
        }
        assert_eq!(store.newest_replies("one").await.unwrap().len(), 2);
    }
}
