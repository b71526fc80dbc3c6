//! What must be true of an archive whose crawl was killed.

use soracrawl::store::read::canonical::canonical_lines;
use soracrawl::store::read::views::shown;

use crate::books::{Books, Sums};
use crate::support::Site;

/// What an undisturbed crawl of a world comes to.
#[derive(Debug, Clone)]
pub struct Whole {
    /// The canonical text of the archive, as one number.
    hash: String,
    lines: Vec<String>,
}

impl Site {
    /// Reads the whole archive with `soracrawl verify`, a process that only reads: P1, P2, P4 and P8 hold at this
    /// moment. Gives the contents as one number.
    pub async fn is_sound(&self, when: &str) -> String {
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

    /// Crawls undisturbed and gives the contents of the archive: what every killed crawl is held against.
    pub async fn undisturbed(&self) -> Whole {
        self.crawl().await.with(0);
        self.is_whole().await;
        Whole {
            hash: self.is_sound("undisturbed").await,
            lines: self.lines().await,
        }
    }

    async fn lines(&self) -> Vec<String> {
        let pool = self.readers().await;
        let lines = canonical_lines(&pool).await.expect("the archive is read");
        pool.close().await;
        lines
    }

    /// The lines in which the archive is not that of the undisturbed crawl; empty where it is.
    async fn other_lines(&self, whole: &Whole, when: &str) -> Vec<String> {
        if self.is_sound(when).await == whole.hash {
            return Vec::new();
        }
        let lines = self.lines().await;
        let beyond = |mark: &str, one: &[String], other: &[String]| {
            let beyond = one.iter().filter(|line| !other.contains(line)).take(4);
            beyond.map(|line| format!("{mark} {line}")).collect()
        };
        let here: Vec<String> = beyond("only here:", &lines, &whole.lines);
        let there: Vec<String> = beyond("only undisturbed:", &whole.lines, &lines);
        [here, there, vec!["another hash".to_owned()]].concat()
    }

    /// Rows of the world, and those of them that the archive lacks.
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

    /// The crawl is over, after so many kills: every promise is kept.
    pub async fn has_survived(
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
        self.is_settled().await;
        self.has_unbroken_walks().await;
        let spent = self.spent().await;
        assert!(
            spent >= self.bill(),
            "{when}: the ledger counts {spent} of {}",
            self.bill()
        );
        let books = Books::of(self).await;
        assert_eq!(books.unnamed(), [""; 0], "{when}: billed and not named");
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
