//! What one can ask of the simulator, the same on the command line and in tests.

use std::net::IpAddr;

use clap::{Args, Parser, ValueEnum};

use super::faults::{Ratio, Rule};

/// The key that the simulator accepts unless told otherwise.
pub const DEFAULT_KEY: &str = "sim-key-0123456789abcdefghijklmnopqrstuv";

/// In which of the two known forms the world is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ValueEnum)]
pub enum Shape {
    /// As the vendor's document describes it: bare objects, little nesting, the document's names.
    Flat,
    /// As the vendor's own source gave it: wrappers, whole profiles everywhere, nested lists.
    Wrapped,
}

/// The world's size, the server's manners, and what goes wrong.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1")]
    pub host: IpAddr,
    /// Port to listen on; 0 takes any free one
    #[arg(long, default_value_t = 0)]
    pub port: u16,
    /// The API key that is accepted
    #[arg(long, default_value = DEFAULT_KEY, hide_default_value = true)]
    pub key: String,
    /// The account's balance in dollars
    #[arg(long = "balance-usd", value_name = "USD", default_value = "1000000", value_parser = micro_usd)]
    pub balance_micro_usd: u64,
    /// How long every answer takes, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub latency_ms: u64,
    /// Calls per second that each endpoint answers; 0 sets no limit
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub rate_limit: u32,
    /// Calls per second over all endpoints; 0 sets no limit
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub rate_limit_overall: u32,
    /// The world and its faults follow from this number
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The form in which objects are shown
    #[arg(long, value_enum, default_value_t = Shape::Wrapped)]
    pub shape: Shape,
    /// Answer with bare data instead of the envelope
    #[arg(long)]
    pub no_envelope: bool,

    /// Users who may post, comment and be seeds
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
    /// Take the sizes above as exact numbers instead of means
    #[arg(long)]
    pub exact: bool,
    /// Posts in the feed at most
    #[arg(long, value_name = "N", default_value_t = 70)]
    pub feed: usize,
    /// Users on the leaderboard at most
    #[arg(long, value_name = "N", default_value_t = 25)]
    pub leaderboard: usize,

    /// Posts of a user to a page
    #[arg(long, value_name = "N", default_value_t = 30)]
    pub page_size_posts: usize,
    /// Appearances to a page
    #[arg(long, value_name = "N", default_value_t = 30)]
    pub page_size_appearances: usize,
    /// Followers, or followed users, to a page
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub page_size_follows: usize,
    /// Comments, or replies, to a page
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub page_size_comments: usize,
    /// Remixes to a page
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub page_size_remixes: usize,
    /// Feed posts to a page
    #[arg(long, value_name = "N", default_value_t = 15)]
    pub page_size_feed: usize,
    /// Leaderboard users to a page
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub page_size_leaderboard: usize,
    /// Items of a list that come nested inside another object (wrapped shape)
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub nested_items: usize,

    /// Share of calls that go wrong in a way from which a correct client recovers, 0 to 1
    #[arg(long, value_name = "RATIO", default_value_t = 0.0)]
    pub faults: f64,
    /// Share of calls that go wrong in one way, as throttle=0.02; may be repeated
    #[arg(long, value_name = "NAME=RATIO")]
    pub fault: Vec<Ratio>,
    /// One exact failure, as get_user_posts:3=reset-after or get_feed:2+=throttle; may be repeated
    #[arg(long, value_name = "ENDPOINT[@SUBJECT]:N[+]=NAME")]
    pub script: Vec<Rule>,
    /// After so many failed attempts in a row at a page, ratios leave its next attempt alone; 0 means never
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub fault_streak: u32,
    /// What a throttled call is told to wait, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 1)]
    pub retry_after_seconds: u64,
    /// How long a slow answer takes, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 90_000)]
    pub slow_ms: u64,
    /// Render every page before the port opens, so that a benchmark does not pay for it
    #[arg(long)]
    pub warm: bool,
    /// Rendered pages are kept up to this size, in megabytes
    #[arg(long, value_name = "MB", default_value_t = 512)]
    pub cache_mb: usize,
}

/// Lets the command line's defaults be the only ones.
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

/// Dollars to millionths, without a float in between.
pub(super) fn micro_usd(text: &str) -> Result<u64, String> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 6 {
        return Err("at most six decimal places".to_owned());
    }
    format!("{whole}{fraction:0<6}")
        .parse()
        .map_err(|_| "not an amount such as 12.50".to_owned())
}
