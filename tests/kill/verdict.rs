//! What must be true of an archive whose crawl was killed.

use crate::books::{Books, Sums};
use soracrawl::store::canonical::canonical_lines;

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

    /// Fails, with the lines that differ, where the archive is not that of the undisturbed crawl.
    async fn equals(&self, whole: &Whole, when: &str) {
        if self.is_sound(when).await == whole.hash {
            return;
        }
        let lines = self.lines().await;
        let beyond = |one: &[String], other: &[String]| {
            let beyond = one.iter().filter(|line| !other.contains(line));
            beyond.take(4).cloned().collect::<Vec<String>>()
        };
        panic!(
            "{when}: another archive\nonly here: {:#?}\nonly undisturbed: {:#?}",
            beyond(&lines, &whole.lines),
            beyond(&whole.lines, &lines)
        );
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
        self.equals(whole, when).await;
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
        let sums = books.sums();
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
