//! Options of the simulator, shared by the command line and the tests.

use std::net::IpAddr;

use clap::{Args, Parser, ValueEnum};

use super::faults::{Alteration, MediaRule, Ratio, Rule};
use super::world::Change;

/// The API key that the simulator accepts by default.
pub const DEFAULT_KEY: &str = "sim-key-0123456789abcdefghijklmnopqrstuv";

/// The two known shapes of the remote's replies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ValueEnum)]
pub enum Shape {
    /// The shape of the vendor's documentation: bare objects, little nesting, documented names.
    Flat,
    /// The shape of the vendor's upstream source: wrappers, whole profiles everywhere, nested lists.
    Wrapped,
}

/// Size of the world, behaviour of the server, and faults.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1")]
    pub host: IpAddr,
    /// Port to listen on; 0 selects a free port
    #[arg(long, default_value_t = 0)]
    pub port: u16,
    /// API key to accept
    #[arg(long, default_value = DEFAULT_KEY, hide_default_value = true)]
    pub key: String,
    /// Balance of the account in US dollars
    #[arg(long = "balance-usd", value_name = "USD", default_value = "1000000", value_parser = micro_usd)]
    pub balance_micro_usd: u64,
    /// Latency of every answer in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub latency_ms: u64,
    /// Rate limit of each endpoint in calls per second; 0 means no limit
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub rate_limit: u32,
    /// Rate limit over all endpoints in calls per second; 0 means no limit
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub rate_limit_overall: u32,
    /// Seed of the world and its faults
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Shape of the replies
    #[arg(long, value_enum, default_value_t = Shape::Wrapped)]
    pub shape: Shape,
    /// Answer with bare data instead of the envelope
    #[arg(long)]
    pub no_envelope: bool,

    /// Users who can post, comment and be seeds
    #[arg(long, default_value_t = 40)]
    pub users: usize,
    /// Further users who only follow
    #[arg(long, default_value_t = 120)]
    pub audience: usize,
    /// Characters, each owned by a user
    #[arg(long, default_value_t = 4)]
    pub characters: usize,
    /// Posts per user
    #[arg(long, default_value_t = 5)]
    pub posts: usize,
    /// Remixes, as a percentage of all posts
    #[arg(long, value_name = "PERCENT", default_value_t = 15)]
    pub remixes: usize,
    /// Followers per user
    #[arg(long, default_value_t = 20)]
    pub followers: usize,
    /// First-level comments per post
    #[arg(long, default_value_t = 2)]
    pub comments: usize,
    /// Replies per first-level comment
    #[arg(long, default_value_t = 1)]
    pub replies: usize,
    /// Appearances per user
    #[arg(long, default_value_t = 4)]
    pub appearances: usize,
    /// Use the sizes above as exact numbers instead of means
    #[arg(long)]
    pub exact: bool,
    /// Maximum posts in the feed
    #[arg(long, value_name = "N", default_value_t = 70)]
    pub feed: usize,
    /// Maximum users on the leaderboard
    #[arg(long, value_name = "N", default_value_t = 25)]
    pub leaderboard: usize,

    /// Growth of the world by the simulator's clock: new posts per user and day, all other changes in proportion; 0: none
    #[arg(long, value_name = "X", default_value_t = 0.0, value_parser = factor)]
    pub growth: f64,
    /// Kinds of change in a growing world
    #[arg(long, value_name = "KIND,…", value_enum, value_delimiter = ',', default_values_t = Change::value_variants().to_vec(), hide_default_value = true)]
    pub growth_kinds: Vec<Change>,
    /// Life of a cursor in seconds, in steps of 600; 0: cursors never expire
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pub cursor_seconds: u64,

    /// Serve the files of the world, too: all their URLs lead to the simulator
    #[arg(long)]
    pub media: bool,
    /// Size of a typical video in bytes, at least 1024; without it, videos are as large as their frames need
    #[arg(long, value_name = "N")]
    pub media_bytes: Option<u64>,
    /// Fault of one exact request for a file, for example media:3=cut-body or media@thumbnail:1+=expired; repeatable
    #[arg(long, value_name = "media[@PATH]:N[+]=NAME")]
    pub media_script: Vec<MediaRule>,

    /// Posts per page of a user's posts
    #[arg(long, value_name = "N", default_value_t = 30)]
    pub page_size_posts: usize,
    /// Posts per page of a user's appearances
    #[arg(long, value_name = "N", default_value_t = 30)]
    pub page_size_appearances: usize,
    /// Users per page of followers or followed users
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub page_size_follows: usize,
    /// Comments per page of comments or replies
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub page_size_comments: usize,
    /// Posts per page of remixes
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub page_size_remixes: usize,
    /// Posts per page of the feed
    #[arg(long, value_name = "N", default_value_t = 15)]
    pub page_size_feed: usize,
    /// Users per page of the leaderboard
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub page_size_leaderboard: usize,
    /// Maximum items of a list that is nested in another object (wrapped shape)
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub nested_items: usize,

    /// Share of calls with a fault from which a correct client recovers, 0 to 1
    #[arg(long, value_name = "RATIO", default_value_t = 0.0, value_parser = share)]
    pub faults: f64,
    /// Share of calls with one kind of fault, for example throttle=0.02; repeatable
    #[arg(long, value_name = "NAME=RATIO")]
    pub fault: Vec<Ratio>,
    /// Fault of one exact call, for example get_user_posts:3=reset-after or get_feed:2+=throttle; repeatable
    #[arg(long, value_name = "ENDPOINT[@SUBJECT]:N[+]=NAME")]
    pub script: Vec<Rule>,
    /// Consecutive failed attempts at a page after which ratios skip its next attempt; 0 means never
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub fault_streak: u32,
    /// Lasting change of every answer: rename:FIELD=NAME, add:FIELD or retype:FIELD; repeatable
    #[arg(long, value_name = "CHANGE")]
    pub alter: Vec<Alteration>,
    /// Calls before the answers change
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub alter_after: u64,
    /// Delay that a throttled call is asked to wait, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 1)]
    pub retry_after_seconds: u64,
    /// Latency of a slow answer in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 90_000)]
    pub slow_ms: u64,
    /// Render every page at the start, so that a benchmark does not measure rendering
    #[arg(long)]
    pub warm: bool,
    /// Size limit of the cache of rendered pages, in megabytes
    #[arg(long, value_name = "MB", default_value_t = 512)]
    pub cache_mb: usize,
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("expected a number from 0 to 1".to_owned()),
    }
}

fn factor(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(factor) if (0.0..=1_000.0).contains(&factor) => Ok(factor),
        _ => Err("expected a number from 0 to 1000".to_owned()),
    }
}

/// Parses an empty command line, so that its defaults are the only ones.
#[derive(Parser)]
#[command(no_binary_name = true)]
struct Bare {
    #[command(flatten)]
    options: Options,
}

impl Default for Options {
    fn default() -> Self {
        Bare::parse_from(std::iter::empty::<&str>()).options
    }
}

/// Parses US dollars to millionths of a dollar without rounding through a float.
pub(super) fn micro_usd(text: &str) -> Result<u64, String> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 6 {
        return Err("at most six decimal places".to_owned());
    }
    format!("{whole}{fraction:0<6}")
        .parse()
        .map_err(|_| "not an amount such as 12.50".to_owned())
}
