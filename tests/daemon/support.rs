//! A simulator, a folder with a crawler.toml, and the real program in that folder.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use soracrawl::sim::{DEFAULT_KEY, Options, Shape, Sim};
use tempfile::TempDir;

pub use crate::program::{Daemon, Ended, soon};

pub const PAGE: u64 = 50_000;

/// A folder with a configuration in which tests run the program.
pub struct Place {
    folder: TempDir,
    keys: BTreeMap<String, String>,
}

impl Place {
    pub fn new(base_url: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let keys = [
            ("api.base_url", format!("\"{base_url}\"")),
            ("archive.path", format!("{:?}", folder.path().join("a.db"))),
            ("limits.requests_per_second", "5000".to_owned()),
            ("limits.max_attempts", "8".to_owned()),
            ("limits.retry_base_seconds", "0.01".to_owned()),
            ("limits.retry_cap_seconds", "0.05".to_owned()),
            ("limits.breaker_cooldown_seconds", "0.05".to_owned()),
            ("budget.confirm_above_usd", "100000".to_owned()),
        ];
        let keys = keys.map(|(key, value)| (key.to_owned(), value));
        Self {
            folder,
            keys: keys.into_iter().collect(),
        }
    }

    /// Sets a key of the configuration to a TOML value.
    pub fn set(&mut self, key: &str, value: &str) -> &mut Self {
        self.keys.insert(key.to_owned(), value.to_owned());
        self
    }

    /// The keys of the configuration with their TOML values.
    pub fn settings(&self) -> impl Iterator<Item = (&str, &str)> {
        self.keys.iter().map(|(key, value)| (&**key, &**value))
    }

    pub fn unset(&mut self, key: &str) -> &mut Self {
        self.keys.remove(key);
        self
    }

    /// Sets short timeouts if the fault is a slow answer.
    pub fn set_timeouts_for(&mut self, fault: &str) -> &mut Self {
        if fault.starts_with("slow") {
            self.set("api.timeout_seconds", "1.5")
                .set("api.connect_timeout_seconds", "1.5");
        }
        self
    }

    /// Enables these walks of `[crawl]` and disables all others.
    pub fn only(&mut self, walks: &[&str]) -> &mut Self {
        for walk in [
            "posts",
            "followers",
            "following",
            "appearances",
            "comments",
            "replies",
            "remixes",
            "profiles",
            "details",
        ] {
            self.set(&format!("crawl.{walk}"), &walks.contains(&walk).to_string());
        }
        self
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn archive(&self) -> PathBuf {
        self.file("a.db")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        self.command_under(&[env!("CARGO_BIN_EXE_soracrawl")], arguments)
    }

    /// Returns a command in which another program starts soracrawl.
    pub fn command_under(&self, starter: &[&str], arguments: &[&str]) -> Command {
        let text: String = self
            .keys
            .iter()
            .map(|(key, value)| format!("{key} = {value}\n"))
            .collect();
        // Not for each command: another one may read it at this moment.
        let file = self.file("crawler.toml");
        if std::fs::read_to_string(&file).ok().as_ref() != Some(&text) {
            std::fs::write(&file, text).expect("the configuration is written");
        }
        let mut command = Command::new(starter[0]);
        command
            .args(&starter[1..])
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("TIKHUB_API_KEY", DEFAULT_KEY)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs a command to its end.
    pub async fn run(&self, arguments: &[&str]) -> Ended {
        self.run_with(arguments, &[], "").await
    }

    /// Runs a command with environment variables and text on standard input.
    pub async fn run_with(
        &self,
        arguments: &[&str],
        variables: &[(&str, &str)],
        input: &str,
    ) -> Ended {
        let mut command = self.command(arguments);
        command
            .envs(variables.iter().copied())
            .stdin(Stdio::piped());
        let mut daemon = Daemon::of(command);
        daemon.write_stdin(input);
        daemon.end().await
    }

    /// Crawls until no job is pending.
    pub async fn crawl(&self) -> Ended {
        self.run(&["run", "--until-idle"]).await
    }

    /// Starts a command and leaves it running.
    pub fn start(&self, arguments: &[&str]) -> Daemon {
        Daemon::of(self.command(arguments))
    }
}

/// A place whose remote is a simulator.
pub struct Site {
    pub sim: Sim,
    place: Place,
}

impl Deref for Site {
    type Target = Place;

    fn deref(&self) -> &Place {
        &self.place
    }
}

impl DerefMut for Site {
    fn deref_mut(&mut self) -> &mut Place {
        &mut self.place
    }
}

impl Site {
    pub async fn new(options: Options) -> Self {
        let sim = Sim::start(options).await.expect("a simulator");
        let place = Place::new(&sim.base_url());
        Self { sim, place }
    }

    /// Returns a site whose seeds reach the whole world.
    pub async fn whole(options: Options) -> Self {
        let mut site = Self::new(options).await;
        let users = format!("{:?}", site.sim.world().seed_users());
        site.set("seeds.users", &users)
            .set("seeds.feed", "true")
            .set("seeds.leaderboard", "true");
        site
    }

    /// Returns a site whose crawl is one walk of three pages: the followers of the first user.
    pub async fn walk(script: &str) -> Self {
        Self::walk_in(walk(), script).await
    }

    pub async fn walk_in(options: Options, script: &str) -> Self {
        let mut site = Self::new(options).await;
        site.sim.script(script).expect("a script");
        let users = format!("{:?}", &site.sim.world().seed_users()[..1]);
        site.only(&["followers"]).set("seeds.users", &users);
        site
    }

    pub fn user(&self, number: usize) -> String {
        self.sim.world().seed_users()[number].clone()
    }

    /// Returns the remote's bill, in micro-dollars.
    pub fn bill(&self) -> u64 {
        self.sim.account().total.micro_usd
    }

    /// Returns the number of calls of an endpoint that the simulator received.
    pub fn calls_of(&self, endpoint: &str) -> u64 {
        self.sim
            .account()
            .endpoints
            .get(endpoint)
            .map_or(0, |sums| sums.calls)
    }
}

/// Returns a small world in which every kind of list has more than one page somewhere.
pub fn small(shape: Shape) -> Options {
    Options {
        shape,
        users: 5,
        audience: 8,
        characters: 2,
        posts: 3,
        remixes: 30,
        followers: 6,
        comments: 3,
        replies: 2,
        appearances: 2,
        feed: 10,
        leaderboard: 5,
        page_size_posts: 2,
        page_size_appearances: 2,
        page_size_follows: 4,
        page_size_comments: 3,
        page_size_remixes: 2,
        page_size_feed: 4,
        page_size_leaderboard: 3,
        nested_items: 1,
        ..Options::default()
    }
}

/// Returns a world whose users have three pages of followers each.
pub fn walk() -> Options {
    Options {
        shape: Shape::Flat,
        exact: true,
        users: 3,
        audience: 25,
        characters: 0,
        posts: 5,
        remixes: 0,
        followers: 25,
        comments: 5,
        replies: 0,
        appearances: 0,
        page_size_posts: 2,
        page_size_follows: 10,
        ..Options::default()
    }
}
