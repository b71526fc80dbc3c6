//! Every key that crawler.toml may have: the only list of them. Reading, the example file and
//! `check-config` all follow it.

use super::kind::Kind;

/// One key, and why one would change it.
#[derive(Debug)]
pub struct Key {
    /// Its full name, as in `limits.max_in_flight`.
    pub path: &'static str,
    pub(super) kind: Kind,
    /// In TOML; `None` where the key is unset by default.
    pub default: Option<&'static str>,
    /// A value for the example file: the default, or a plausible one where there is none.
    pub example: &'static str,
    /// Empty where the value has none.
    pub unit: &'static str,
    pub why: &'static str,
}

const fn key(
    path: &'static str,
    kind: Kind,
    default: &'static str,
    unit: &'static str,
    why: &'static str,
) -> Key {
    Key {
        path,
        kind,
        default: Some(default),
        example: default,
        unit,
        why,
    }
}

const fn unset(
    path: &'static str,
    kind: Kind,
    example: &'static str,
    unit: &'static str,
    why: &'static str,
) -> Key {
    Key {
        path,
        kind,
        default: None,
        example,
        unit,
        why,
    }
}

const fn flag(path: &'static str, default: &'static str, why: &'static str) -> Key {
    key(path, Kind::Flag, default, "", why)
}

const fn pages(path: &'static str, example: &'static str, why: &'static str) -> Key {
    unset(
        path,
        Kind::Count {
            min: 1,
            max: u32::MAX as i64,
        },
        example,
        "pages per walk",
        why,
    )
}

const USER_AGENT: &str = "\"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 soracrawl\"";

/// In the order of the example file: a section's keys stand together, subsections after them.
#[rustfmt::skip]
pub static KEYS: &[Key] = &[
    key("archive.path", Kind::Path, "\"sora.db\"", "",
        "The SQLite file that everything is kept in. Use a local disk: WAL is unsafe on a network file system."),

    key("api.base_url", Kind::BaseUrl, "\"https://api.tikhub.io\"", "",
        "Scheme and host of the remote. Change it for the mainland China host, a reseller, or the simulator."),
    key("api.key_env", Kind::Variable, "\"TIKHUB_API_KEY\"", "",
        "The environment variable that holds the key; it wins over key_file. The key itself never stands in this file."),
    unset("api.key_file", Kind::Path, "\"/run/secrets/tikhub_api_key\"", "",
        "A file that holds the key and nothing else. Use it where secrets are mounted as files."),
    key("api.user_agent", Kind::Header, USER_AGENT, "",
        "How we name ourselves. Cloudflare turns default agents of libraries away; keep it browser-like."),
    key("api.timeout_seconds", Kind::Seconds, "60", "seconds",
        "The longest a call may take. A call that times out may have been paid for: rather too long than too short."),
    key("api.connect_timeout_seconds", Kind::Seconds, "10", "seconds",
        "The longest that opening a connection may take. Nothing is paid before it stands."),
    key("api.max_body_bytes", Kind::Count { min: 1, max: 1 << 30 }, "16777216", "bytes after decompression",
        "The largest reply that is read; protects the memory from endless ones."),
    flag("api.allow_insecure_http", "false",
        "Allows http:// for hosts other than loopback, where the key travels in the clear."),

    key("limits.requests_per_second", Kind::Rate, "10", "calls per second",
        "All endpoints together. The vendor allows 10; more only brings refusals."),
    unset("limits.endpoint_requests_per_second", Kind::Rate, "10", "calls per second",
        "Each endpoint by itself; unset: as requests_per_second. Lower it where the vendor limits single endpoints."),
    key("limits.max_in_flight", Kind::Count { min: 1, max: 10_000 }, "4", "calls",
        "Calls at the same moment. Also the most that a crash can make us pay twice. The vendor advises 4."),
    key("limits.max_attempts", Kind::Count { min: 1, max: 1_000 }, "5", "attempts",
        "Failures in a row after which a job is given up. Raise it for a remote with long outages."),
    key("limits.retry_base_seconds", Kind::Seconds, "0.5", "seconds",
        "The wait after the first failure; it doubles with each further one."),
    key("limits.retry_cap_seconds", Kind::Seconds, "30", "seconds",
        "The longest wait between two attempts."),
    key("limits.lease_seconds", Kind::Seconds, "300", "seconds",
        "How long a worker owns a job. Must outlast any call, or two workers would pay for the same page."),
    key("limits.breaker_failures", Kind::Count { min: 1, max: 1_000_000 }, "10", "failures",
        "Failures in a row, over all jobs, that stop an endpoint for a while."),
    key("limits.breaker_cooldown_seconds", Kind::Seconds, "10", "seconds",
        "How long such an endpoint rests before one call tries it again; each trial in vain doubles it."),
    key("limits.grace_seconds", Kind::Seconds, "65", "seconds",
        "How long calls in flight may take to finish after SIGTERM. Keep it above api.timeout_seconds, and Docker's stop timeout above it."),

    unset("budget.run_usd", Kind::Usd, "5.00", "US dollars",
        "The most that one run may spend; unset: no limit."),
    unset("budget.day_usd", Kind::Usd, "20.00", "US dollars per UTC day",
        "The most that a day may cost, over all runs with this archive; unset: no limit."),
    unset("budget.total_usd", Kind::Usd, "100.00", "US dollars",
        "The most that this archive may ever cost; unset: no limit."),
    unset("budget.seed_usd", Kind::Usd, "10.00", "US dollars per seed",
        "The most that one seed and all that it leads to may cost; unset: no limit."),
    key("budget.confirm_above_usd", Kind::Usd, "50", "US dollars",
        "`run` asks first when its estimate is above this, and refuses without a terminal unless --yes is given."),

    key("seeds.users", Kind::List, "[]", "user ids, profile URLs or @names",
        "Users to crawl, beside those given to `soracrawl seed users`."),
    key("seeds.posts", Kind::List, "[]", "post ids or URLs",
        "Posts to crawl."),
    key("seeds.searches", Kind::List, "[]", "parts of user names",
        "User searches to make once each."),
    flag("seeds.feed", "false",
        "Whether the public feed is walked."),
    flag("seeds.leaderboard", "false",
        "Whether the leaderboard is walked."),

    key("crawl.max_depth", Kind::Count { min: 0, max: 1_000 }, "0", "steps from a seed",
        "How far the crawl goes on to other users. 0: they become rows but are not walked. Costs grow steeply."),
    flag("crawl.posts", "true", "Whether the posts of a user are listed."),
    flag("crawl.followers", "true", "Whether the followers of a user are listed: 50 for a page, so the dearest walk for popular users."),
    flag("crawl.following", "true", "Whether the users that a user follows are listed."),
    flag("crawl.appearances", "true", "Whether the posts in which a user or character appears are listed."),
    flag("crawl.comments", "true", "Whether the comments of a post are listed: at least one page for each post that has any."),
    flag("crawl.replies", "true", "Whether the replies to a comment are listed: at least one page for each comment that has more than came with it."),
    flag("crawl.remixes", "true", "Whether the remixes of a post are listed."),
    flag("crawl.profiles", "true", "Whether the profile of a seeded user is fetched where no list showed it."),
    flag("crawl.details", "true", "Whether the details of a seeded post are fetched where no list showed it."),
    flag("crawl.download_info", "false", "Whether the vendor's download links are bought for each post. Posts hold links of their own already."),
    flag("crawl.buy_known_profiles", "false", "Whether profiles are bought that a list already gave. Costs 50 times as much a user."),
    flag("crawl.buy_known_details", "false", "Whether details are bought of posts that a list already gave. Costs 30 times as much a post."),

    pages("crawl.max_pages.posts", "10", "Stops the posts of each user after so many pages of 30; unset: no cap."),
    pages("crawl.max_pages.followers", "20", "Stops the followers of each user after so many pages of 50; unset: no cap."),
    pages("crawl.max_pages.following", "20", "Stops the users followed by each user after so many pages of 50; unset: no cap."),
    pages("crawl.max_pages.appearances", "10", "Stops the appearances of each user after so many pages of 30; unset: no cap."),
    pages("crawl.max_pages.comments", "5", "Stops the comments of each post after so many pages of 10; unset: no cap."),
    pages("crawl.max_pages.replies", "5", "Stops the replies to each comment after so many pages of 10; unset: no cap."),
    pages("crawl.max_pages.remixes", "5", "Stops the remixes of each post after so many pages; unset: no cap."),
    pages("crawl.max_pages.feed", "20", "Stops the feed after so many pages of about 15; unset: no cap."),
    pages("crawl.max_pages.leaderboard", "10", "Stops the leaderboard after so many pages of 10; unset: no cap."),

    unset("crawl.max_per_parent.users", Kind::Count { min: 0, max: u32::MAX as i64 }, "100", "users per job",
        "How many users one job may lead to; unset: no cap. Keeps one popular user from filling the queue."),
    unset("crawl.max_per_parent.posts", Kind::Count { min: 0, max: u32::MAX as i64 }, "100", "posts per job",
        "How many posts one job may lead to; unset: no cap."),
    unset("crawl.max_per_parent.comments", Kind::Count { min: 0, max: u32::MAX as i64 }, "100", "comments per job",
        "How many comments one job may lead to; unset: no cap."),

    unset("crawl.filter.min_followers", Kind::Count { min: 0, max: i64::MAX }, "100", "followers",
        "Users with fewer are kept as rows and not walked; unset: all are."),
    unset("crawl.filter.min_likes", Kind::Count { min: 0, max: i64::MAX }, "10", "likes",
        "Posts and comments with fewer are kept as rows and lead nowhere; unset: all do."),
    unset("crawl.filter.posted_after", Kind::Moment, "2025-10-01", "date, or time with offset, as in 2025-10-01T12:00:00Z",
        "Posts from before then are kept as rows and lead nowhere; unset: all do. A date begins at midnight UTC."),

    key("log.level", Kind::Directive, "\"info\"", "error, warn, info, debug, trace, or target=level, …",
        "How much is logged. `debug` shows every call."),
    key("log.format", Kind::OneOf(&["auto", "text", "json"]), "\"auto\"", "",
        "`auto` is text on a terminal and JSON elsewhere."),
];
