//! A site whose crawl is killed at random moments of a seed until it completes.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use soracrawl::sim::{Options, Shape};

use crate::books::Sums;
use crate::support::{Daemon, PAGE, Site, small, soon};
use crate::verdict::Whole;

const RUN: [&str; 2] = ["run", "--until-idle"];
/// Number of kills after which a crawl may complete.
const MAX_KILLS: u64 = 24;
/// Number of worlds.
const WORLDS: u64 = 4;

/// The properties of a site, derived from its seed.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    pub seed: u64,
    pub faults: f64,
    pub in_flight: u64,
    /// Pages that the budget allows at first, if there is one.
    budget: Option<u64>,
}

/// The result of a case.
#[derive(Debug, Clone, Copy)]
pub struct Score {
    pub case: Case,
    pub kills: u64,
    pub sums: Sums,
}

/// The moment of a kill.
#[derive(Debug, Clone, Copy)]
enum Moment {
    AtOnce,
    /// Before the first paid call.
    Begun,
    /// The remote has received this number of calls.
    Received(u64),
    /// The remote has sent this number of answers.
    Answered(u64),
    /// Only closing the archive is left.
    Ending,
}

impl Moment {
    fn draw(random: &mut StdRng, site: &Site) -> Self {
        let log = site.sim.log();
        let answered = log.iter().filter(|entry| entry.received_fully).count();
        let step = random.random_range(1..16);
        match random.random_range(0..12) {
            0 => Self::AtOnce,
            1 => Self::Begun,
            2 => Self::Ending,
            3..7 => Self::Received(log.len() as u64 + step),
            _ => Self::Answered(answered as u64 + step),
        }
    }

    /// Waits for the moment. Returns false if the process ended before it.
    async fn wait(self, site: &Site, daemon: &mut Daemon) -> bool {
        let calls = async {
            match self {
                Self::Received(calls) => site.sim.received(calls).await,
                Self::Answered(calls) => site.sim.answered(calls).await,
                _ => {}
            }
        };
        match self {
            Self::AtOnce => {}
            Self::Begun => daemon.until_logged("crawl started").await,
            Self::Ending => daemon.until_logged("crawl ended").await,
            Self::Received(_) | Self::Answered(_) => tokio::select! {
                () = soon("a call", calls) => {}
                err = daemon.until_exit() => {
                    assert!(err.contains("crawl ended"), "{err}");
                    return false;
                }
            },
        }
        true
    }
}

impl Case {
    pub fn of(seed: u64) -> Self {
        Self {
            seed,
            faults: if seed % 3 == 2 { 0.08 } else { 0.0 },
            in_flight: [2, 4, 8][(seed / 3 % 3) as usize],
            budget: (seed % 4 == 1).then_some(40),
        }
    }

    /// Returns the index of the world, for comparison with the undisturbed crawl.
    pub fn world(&self) -> usize {
        (self.seed % WORLDS) as usize
    }

    async fn site(&self) -> Site {
        let is_flat = self.world() % 2 == 1;
        let shape = if is_flat { Shape::Flat } else { Shape::Wrapped };
        let mut site = Site::whole(Options {
            seed: 100 + self.world() as u64,
            faults: self.faults,
            latency_ms: self.seed % 5,
            retry_after_seconds: 0,
            users: 8,
            ..small(shape)
        })
        .await;
        if is_flat {
            // Flat lists contain less about users than profiles do. If a list makes a profile unneeded, the result
            // depends on the order of replies. With profiles always bought, it does not.
            site.set("crawl.buy_known_profiles", "true")
                .set("crawl.buy_known_details", "true");
        }
        site
    }

    /// Kills the crawl repeatedly, lets it complete, and checks every promise.
    pub async fn survives(self, whole: &Whole) -> Score {
        let mut site = self.site().await;
        site.set("limits.max_in_flight", &self.in_flight.to_string())
            .set("limits.max_attempts", "20")
            .set("limits.max_paid_attempts", "20");
        let mut random = StdRng::seed_from_u64(self.seed);
        let mut kills = 0;
        if let Some(pages) = self.budget {
            kills += self
                .survives_on_a_budget(&mut site, &mut random, pages)
                .await;
        }
        kills += self.kill_until_over(&site, &mut random, MAX_KILLS).await;
        let ended = site.crawl().await;
        assert_eq!(ended.code, 0, "{self:?}: {}", ended.err);
        let when = format!("{self:?}");
        let sums = site
            .assert_survived(kills, self.in_flight, whole, &when)
            .await;
        Score {
            case: self,
            kills,
            sums,
        }
    }

    /// Kills the crawl under a budget that ends before the crawl does. Fails if the budget is exceeded.
    async fn survives_on_a_budget(&self, site: &mut Site, random: &mut StdRng, pages: u64) -> u64 {
        let scope = ["total", "run"][(self.seed / 4 % 2) as usize];
        let budget = pages * PAGE;
        let key = format!("budget.{scope}_usd");
        site.set(
            &key,
            &format!("{}.{:06}", budget / 1_000_000, budget % 1_000_000),
        );
        let kills = self.kill_until_over(site, random, 6).await;
        let ended = site.crawl().await;
        assert!(
            ended.code == 4 || ended.code == 0,
            "{self:?}: {}",
            ended.err
        );
        // After a finished run, a new run with its own budget starts. A killed run is continued instead.
        let runs = match scope {
            "run" => {
                site.number("select count(*) from runs where ended_at is not null")
                    .await
            }
            _ => 1,
        };
        let allowed = budget * u64::try_from(runs).expect("a number");
        let (bill, charged) = (site.bill(), site.charged().await);
        assert!(
            bill <= allowed && charged <= allowed,
            "{self:?}: {bill} billed and {charged} charged of {allowed}"
        );
        let most = format!("select max(micro_usd) from spend where scope = '{scope}'");
        let most = site.number(&most).await;
        assert!(
            most <= i64::try_from(budget).expect("a number"),
            "{self:?}: {most}"
        );
        site.unset(&key);
        kills
    }

    /// Starts and kills the crawl until it ends before the moment of the kill. Returns the number of kills.
    async fn kill_until_over(&self, site: &Site, random: &mut StdRng, most: u64) -> u64 {
        let mut kills = 0;
        while kills < most {
            let moment = Moment::draw(random, site);
            let later = Duration::from_micros(random.random_range(0..4_000));
            let mut daemon = site.start(&RUN);
            if !moment.wait(site, &mut daemon).await {
                break;
            }
            // The work between two calls takes about as long.
            tokio::time::sleep(later).await;
            kills += u64::from(daemon.kill());
            if matches!(moment, Moment::Ending) {
                break;
            }
            if kills % 6 == 5 {
                site.assert_sound(&format!("{self:?}, killed at {moment:?}"))
                    .await;
            }
        }
        kills
    }
}

/// Returns the archive of each world after a crawl without kills and faults.
pub async fn undisturbed() -> Vec<Whole> {
    let mut wholes = Vec::new();
    for seed in 0..WORLDS {
        let case = Case {
            faults: 0.0,
            ..Case::of(seed)
        };
        let site = case.site().await;
        wholes.push(site.undisturbed().await);
    }
    wholes
}
