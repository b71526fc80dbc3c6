//! Checks of an archive whose crawl was killed.

use soracrawl::store::read::canonical::canonical_lines;
use soracrawl::store::read::views::shown;

use crate::books::{Books, Sums};
use crate::support::Site;

/// The archive of an undisturbed crawl.
#[derive(Debug, Clone)]
pub struct Whole {
    /// The hash of the archive's canonical text.
    hash: String,
    lines: Vec<String>,
}

impl Site {
    /// Reads the whole archive with `soracrawl verify`, a process that only reads, and fails unless P1, P2, P4 and P8
    /// hold_write_lock at this moment. Returns the hash of the contents.
    pub async fn assert_sound(&self, when: &str) -> String {
        let ended = self.run(&["verify", "--json"]).await;
        let report = ended.json();
        let broken: Vec<_> = report["findings"]
            .as_array()
            .expect("findings")
            .iter()
            .filter(|finding| finding["breaches"] != 0)
            .collect();
        assert!(broken.is_empty(), "{when}: {broken:#?}");
        assert_eq!(ended.code, 0, "{when}: {}", ended.err);
        report["contents"].as_str().expect("contents").to_owned()
    }

    /// Crawls without disturbance. Returns the archive with which every killed crawl is compared.
    pub async fn undisturbed(&self) -> Whole {
        self.crawl().await.with(0);
        self.assert_whole().await;
        Whole {
            hash: self.assert_sound("undisturbed").await,
            lines: self.lines().await,
        }
    }

    async fn lines(&self) -> Vec<String> {
        let pool = self.readers().await;
        let lines = canonical_lines(&pool).await.expect("the archive is read");
        pool.close().await;
        lines
    }

    /// Returns lines in which the archive differs from that of the undisturbed crawl; empty if both are equal.
    async fn other_lines(&self, whole: &Whole, when: &str) -> Vec<String> {
        if self.assert_sound(when).await == whole.hash {
            return Vec::new();
        }
        let lines = self.lines().await;
        let beyond = |mark: &str, one: &[String], other: &[String]| {
            let beyond = one.iter().filter(|line| !other.contains(line)).take(4);
            beyond.map(|line| format!("{mark} {line}")).collect()
        };
        let here: Vec<String> = beyond("only here:", &lines, &whole.lines);
        let there: Vec<String> = beyond("only undisturbed:", &whole.lines, &lines);
        [here, there, vec!["the hashes differ".to_owned()]].concat()
    }

    /// Returns the number of rows of the world, and how many of them the archive lacks.
    async fn rows_and_lost(&self) -> (u64, u64) {
        let pool = self.readers().await;
        let (mut rows, mut lost) = (0, 0);
        for truth in self.sim.truth() {
            let shown = shown(&pool, truth.kind, &truth.columns).await;
            rows += truth.rows.len() as u64;
            lost += truth.rows.difference(&shown.expect("rows")).count() as u64;
        }
        pool.close().await;
        (rows, lost)
    }

    /// Checks every promise after the crawl has completed.
    pub async fn assert_survived(
        &self,
        kills: u64,
        in_flight: u64,
        whole: &Whole,
        when: &str,
    ) -> Sums {
        let found = self.differences().await;
        assert!(found.is_empty(), "{when}\n{}", found.join("\n"));
        let other = self.other_lines(whole, when).await;
        assert!(other.is_empty(), "{when}\n{}", other.join("\n"));
        self.assert_settled().await;
        self.assert_unbroken_walks().await;
        let charged = self.charged().await;
        assert!(
            charged >= self.bill(),
            "{when}: the ledger charges {charged} of {}",
            self.bill()
        );
        let books = Books::of(self).await;
        assert_eq!(
            books.unnamed(),
            [""; 0],
            "{when}: billed and not in the ledger"
        );
        let (rows, lost) = self.rows_and_lost().await;
        let sums = Sums {
            rows,
            lost,
            is_equal: other.is_empty(),
            ..books.sums()
        };
        assert!(
            sums.by_kills <= kills * in_flight,
            "{when}: {sums:?} by {kills} kills with {in_flight} in flight"
        );
        let has_faults = self.sim.options().faults > 0.0;
        assert!(
            has_faults || sums.repeats.max(sums.unknown) <= kills * in_flight,
            "{when}: {sums:?} by {kills} kills with {in_flight} in flight"
        );
        sums
    }
}
