//! The reply of a call by hand, kept without a job.

use super::page::BatchContext;
use super::times;
use crate::model::Harvest;
use crate::store::archive::{self, merge::PageRows};
use crate::store::ledger::{self, CallPage, Settlement};
use crate::store::{Result, Store};

impl Store {
    /// Keeps the reply of a manual call: its rows and the settled call, in one transaction.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn keep_call(
        &self,
        call_id: i64,
        subject: &str,
        settlement: &Settlement,
        harvest: &Harvest,
        now: f64,
    ) -> Result<()> {
        let mut transaction = self.begin().await?;
        let kept_at = times::keep_at(&mut transaction, now).await?;
        let answer = sqlx::query(BatchContext::QUESTION)
            .fetch_one(&mut *transaction)
            .await?;
        let BatchContext { group, known } = BatchContext::read(&answer, kept_at)?;
        let rows = [PageRows {
            call_id,
            now: group.kept_at,
            subject,
            items_before: 0,
            harvest,
            is_imported: false,
        }];
        archive::write(&mut transaction, &rows, known).await?;
        let kept = CallPage {
            group,
            at: group.kept_at,
            next_cursor: harvest.cursor.as_deref(),
            items: harvest.items.len(),
            row_count: harvest.row_count(),
            odd: &harvest.odd,
            item_hashes: &[],
            is_redacted: harvest.is_redacted,
        };
        ledger::settle_kept(&mut transaction, &[(call_id, settlement, kept)]).await?;
        transaction.commit().await
    }
}

#[cfg(test)]
mod tests {
    use crate::model::{Budget, Counts, Harvest, MicroUsd, Post};
    use crate::store::{OpenCall, Outcome, RunKind, Settlement, Store};

    /// Keeps a post with this number of likes, at this time.
    async fn keep(store: &Store, likes: i64, now: f64) {
        let run = store.start_run(RunKind::Call, 1, now).await.unwrap();
        let call = OpenCall {
            run_id: run.id,
            lease: None,
            seed_id: None,
            endpoint: "get_post_detail",
            subject: String::new(),
            cursor: None,
            price: MicroUsd(1),
            budget: Budget::default(),
            day: "2026-01-01".to_owned(),
            now,
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
            body: None,
        };
        let post = Post {
            post_id: "s_1".to_owned(),
            counts: Counts::of([("like_count", Some(likes))]),
            ..Post::default()
        };
        let harvest = Harvest {
            posts: vec![post],
            ..Harvest::default()
        };
        let kept = store
            .keep_call(call_id, "", &settlement, &harvest, now)
            .await;
        kept.unwrap();
    }

    #[tokio::test]
    async fn a_history_stays_in_order_after_the_clock_was_set_back() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("a.db")).await.unwrap();
        for (likes, now) in [(1, 1000.0), (2, 400.0), (3, 401.0), (4, 2000.0)] {
            keep(&store, likes, now).await;
        }
        let history: Vec<(i64, f64)> =
            sqlx::query_as("select like_count, observed_at from post_stats order by observed_at")
                .fetch_all(store.readers())
                .await
                .unwrap();
        let likes: Vec<i64> = history.iter().map(|(likes, _)| *likes).collect();
        assert_eq!(likes, [1, 2, 3, 4], "{history:?}");
        assert_eq!(history[3].1, 2000.0);
    }
}
