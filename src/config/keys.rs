//! The only list of the keys in crawler.toml. The parser, the example file and `check-config` derive from it.

use super::kind::Kind;

/// One configuration key.
#[derive(Debug)]
pub struct Key {
    /// Full name, for example `limits.max_in_flight`.
    pub path: &'static str,
    pub(super) kind: Kind,
    /// Default value in TOML; `None` if the key is unset by default.
    pub default: Option<&'static str>,
    /// Value for the example file: the default, or a plausible value if there is no default.
    pub example: &'static str,
    /// Empty if the value has no unit.
    pub unit: &'static str,
    /// Purpose of the key and reason to change it: the comment in the example file.
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

/// All keys in the order of the example file: the keys of a section are adjacent, and subsections follow them.
#[rustfmt::skip]
pub static KEYS: &[Key] = &[
    key("archive.path", Kind::Path, "\"sora.db\"", "",
        "The SQLite file of the archive. Use a local disk: WAL is unsafe on a network file system."),

    key("api.base_url", Kind::BaseUrl, "\"https://api.tikhub.io\"", "",
        "Scheme and host of the remote. Change it for the mainland China host, a reseller, or the simulator."),
    key("api.key_env", Kind::Variable, "\"TIKHUB_API_KEY\"", "",
        "Environment variable that holds the API key; it overrides key_file. Never put the key itself into this file."),
    unset("api.key_file", Kind::Path, "\"/run/secrets/tikhub_api_key\"", "",
        "File that contains only the API key. Use it where secrets are mounted as files. A relative path begins at this file."),
    unset("api.proxy", Kind::Proxy, "\"http://proxy.example:3128\"", "",
        "Proxy of every call, except to this machine. Unset: HTTPS_PROXY, ALL_PROXY and NO_PROXY apply. It is never shown."),
    key("api.user_agent", Kind::Header, USER_AGENT, "",
        "User-Agent header of every call. Keep it browser-like: Cloudflare rejects the default agents of HTTP libraries."),
    key("api.timeout_seconds", Kind::Seconds, "60", "seconds",
        "Timeout of one call. Prefer a long timeout: the vendor may bill a call that times out."),
    key("api.connect_timeout_seconds", Kind::Seconds, "10", "seconds",
        "Timeout for opening a connection. The vendor bills nothing before the connection is open."),
    key("api.max_body_bytes", Kind::Count { min: 1, max: 1 << 30 }, "16777216", "bytes after decompression",
        "Size limit of one reply. It protects memory from endless replies."),
    flag("api.allow_insecure_http", "false",
        "Allow http:// for hosts other than loopback. The API key then travels unencrypted."),

    key("limits.requests_per_second", Kind::Rate, "10", "calls per second",
        "Rate limit over all endpoints. The vendor allows 10; a higher rate only causes 429 replies."),
    unset("limits.endpoint_requests_per_second", Kind::Rate, "10", "calls per second",
        "Rate limit of each endpoint; unset: requests_per_second. Lower it if the vendor limits single endpoints."),
    key("limits.max_in_flight", Kind::Count { min: 1, max: 10_000 }, "4", "calls",
        "Maximum number of concurrent calls. A crash can repeat, and pay for, this many calls. The vendor advises 4."),
    key("limits.max_attempts", Kind::Count { min: 1, max: 1_000 }, "5", "attempts",
        "Consecutive failures after which a worker gives up a job. Raise it for a remote with long outages."),
    key("limits.max_paid_attempts", Kind::Count { min: 1, max: 1_000 }, "2", "paid answers",
        "Paid answers that cannot be read, after which a worker gives up a page. The same answer twice ends it at once."),
    key("limits.max_empty_pages", Kind::Count { min: 1, max: 1_000 }, "5", "pages",
        "Pages in a row without a new item, each with a new cursor, after which a walk counts as stalled. Each costs money."),
    key("limits.retry_base_seconds", Kind::Seconds, "0.5", "seconds",
        "Delay after the first failure; it doubles with each further failure."),
    key("limits.retry_cap_seconds", Kind::Seconds, "30", "seconds",
        "Maximum delay between two attempts."),
    key("limits.lease_seconds", Kind::Seconds, "300", "seconds",
        "How long a worker owns a job. It must outlast any call, or two workers could pay for the same page."),
    key("limits.breaker_failures", Kind::Count { min: 1, max: 1_000_000 }, "10", "failures",
        "Consecutive failures, over all jobs, that put an endpoint into cooldown."),
    key("limits.breaker_cooldown_seconds", Kind::Seconds, "10", "seconds",
        "Cooldown of an endpoint before one call probes it; doubles after each failed probe."),
    key("limits.outage_patience_seconds", Kind::Seconds, "21600", "seconds",
        "How long `run --until-idle` waits for a remote that does not answer. Then it ends with exit 5, and gives up nothing."),
    key("limits.grace_seconds", Kind::Seconds, "65", "seconds",
        "Time for calls in flight to finish after SIGTERM. Keep it above api.timeout_seconds, and Docker's stop timeout above it."),

    unset("budget.run_usd", Kind::Usd, "5.00", "US dollars",
        "Maximum cost of one run; unset: no limit."),
    unset("budget.day_usd", Kind::Usd, "20.00", "US dollars per UTC day",
        "Maximum cost of one day, over all runs with this archive; unset: no limit."),
    unset("budget.total_usd", Kind::Usd, "100.00", "US dollars",
        "Maximum cost of this archive over its lifetime; unset: no limit."),
    unset("budget.seed_usd", Kind::Usd, "10.00", "US dollars per seed",
        "Maximum cost of one seed and all its follow-ups; unset: no limit."),
    key("budget.confirm_above_usd", Kind::Usd, "50", "US dollars",
        "`run` asks for confirmation if its estimate is higher. Without a terminal it requires --yes instead."),

    key("seeds.users", Kind::List, "[]", "user ids, profile URLs or @names",
        "Users to crawl, in addition to those added with `soracrawl seed users`."),
    key("seeds.posts", Kind::List, "[]", "post ids or URLs",
        "Posts to crawl."),
    key("seeds.searches", Kind::List, "[]", "parts of user names",
        "User searches to run once each."),
    unset("seeds.folder", Kind::Path, "\"seeds\"", "",
        "Folder from which a running daemon takes files of seeds, *.txt and *.csv. It needs a budget."),
    flag("seeds.feed", "false",
        "Walk the public feed."),
    flag("seeds.leaderboard", "false",
        "Walk the leaderboard."),

    key("crawl.max_depth", Kind::Count { min: 0, max: 1_000 }, "0", "steps from a seed",
        "How far the crawl follows users that it discovers. 0: they are stored but not walked. Costs grow steeply."),
    flag("crawl.posts", "true", "List the posts of each user."),
    flag("crawl.followers", "true", "List the followers of each user, 50 per page: the most expensive walk for popular users."),
    flag("crawl.following", "true", "List the users that each user follows."),
    flag("crawl.appearances", "true", "List the posts in which each user or character appears."),
    flag("crawl.comments", "true", "List the comments of each post: at least one page for each post with comments."),
    flag("crawl.replies", "true", "List the replies to each comment: at least one page for each comment with more replies than came nested in it."),
    flag("crawl.remixes", "true", "List the remixes of each post."),
    flag("crawl.profiles", "true", "Fetch the profile of a seeded user that no list showed."),
    flag("crawl.details", "true", "Fetch the details of a seeded post that no list showed."),
    flag("crawl.download_info", "false", "Buy the vendor's download links for each post. Posts already contain links of their own."),
    flag("crawl.buy_known_profiles", "false", "Buy profiles that a list already returned. Costs 50 times as much per user."),
    flag("crawl.buy_known_details", "false", "Buy details of posts that a list already returned. Costs 30 times as much per post."),

    pages("crawl.max_pages.posts", "10", "Maximum pages of a user's posts, 30 per page; unset: no cap."),
    pages("crawl.max_pages.followers", "20", "Maximum pages of a user's followers, 50 per page; unset: no cap."),
    pages("crawl.max_pages.following", "20", "Maximum pages of the users that a user follows, 50 per page; unset: no cap."),
    pages("crawl.max_pages.appearances", "10", "Maximum pages of a user's appearances, 30 per page; unset: no cap."),
    pages("crawl.max_pages.comments", "5", "Maximum pages of a post's comments, 10 per page; unset: no cap."),
    pages("crawl.max_pages.replies", "5", "Maximum pages of a comment's replies, 10 per page; unset: no cap."),
    pages("crawl.max_pages.remixes", "5", "Maximum pages of a post's remixes; unset: no cap."),
    pages("crawl.max_pages.feed", "20", "Maximum pages of the feed, about 15 posts per page; unset: no cap."),
    pages("crawl.max_pages.leaderboard", "10", "Maximum pages of the leaderboard, 10 users per page; unset: no cap."),

    unset("crawl.max_per_parent.users", Kind::Count { min: 0, max: u32::MAX as i64 }, "100", "users per job",
        "Maximum users that one job may add to the queue; unset: no cap. Stops one popular user from filling it."),
    unset("crawl.max_per_parent.posts", Kind::Count { min: 0, max: u32::MAX as i64 }, "100", "posts per job",
        "Maximum posts that one job may add to the queue; unset: no cap."),
    unset("crawl.max_per_parent.comments", Kind::Count { min: 0, max: u32::MAX as i64 }, "100", "comments per job",
        "Maximum comments that one job may add to the queue; unset: no cap."),

    unset("crawl.filter.min_followers", Kind::Count { min: 0, max: i64::MAX }, "100", "followers",
        "Users with fewer followers are stored but not walked; unset: all are walked."),
    unset("crawl.filter.min_likes", Kind::Count { min: 0, max: i64::MAX }, "10", "likes",
        "Posts and comments with fewer likes are stored but not followed; unset: all are followed."),
    unset("crawl.filter.posted_after", Kind::Moment, "2025-10-01", "date, or time with offset such as 2025-10-01T12:00:00Z",
        "Older posts are stored but not followed; unset: all are followed. A date means midnight UTC."),

    unset("refresh.usd_per_day", Kind::Usd, "1.00", "US dollars per UTC day",
        "What the daemon may spend on buying again what is archived, within day_usd; unset: nothing is bought again."),
    key("refresh.max_days", Kind::Count { min: 1, max: 3_650 }, "30", "days",
        "Whatever is refreshed is looked at again after this time at the latest, if usd_per_day suffices."),
    flag("refresh.lists", "true", "Look for new items in complete lists: posts, comments, followers and others that [crawl] follows."),
    flag("refresh.counters", "true", "Renew the counters of posts: likes, views and others."),
    flag("refresh.profiles", "true", "Renew the profiles of seeded users."),

    unset("media.folder", Kind::Path, "\"/mnt/large/media\"", "",
        "Folder of the files that `soracrawl media fetch` stores; unset: `media` beside the archive. Each archive needs its own."),
    key("media.renditions", Kind::Renditions, "[\"best\"]", "best, video, source, md, ld, thumbnail, gif, …",
        "Which files of each video are fetched. `best` is the first of source, no_watermark, downloadable, video, md and ld that it has."),
    key("media.hosts", Kind::FileHosts, "[\"videos.openai.com\"]", "names of hosts, perhaps with a port",
        "The only hosts that files are fetched from. Private addresses are refused, except 127.x.x.x and [::1] if they are listed."),
    unset("media.proxy", Kind::Proxy, "\"http://proxy.example:3128\"", "",
        "Proxy for files, over https only; unset: none, whatever the environment says. It is never shown."),
    key("media.per_host", Kind::Count { min: 1, max: 64 }, "3", "files",
        "Files that are fetched from a host at the same time."),
    unset("media.bytes_per_second", Kind::Count { min: 1_024, max: i64::MAX }, "10000000", "bytes per second",
        "Maximum rate of all files together; unset: no limit."),
    key("media.min_free_bytes", Kind::Count { min: 0, max: i64::MAX }, "1073741824", "bytes",
        "No file is begun if less space would be free after it. 0: never."),
    key("media.max_file_bytes", Kind::Count { min: 1, max: i64::MAX }, "1073741824", "bytes",
        "Larger files are given up."),
    unset("media.resign_usd", Kind::Usd, "1.00", "US dollars",
        "What one `media fetch` may spend on new URLs for files whose URLs have expired; unset: nothing is bought."),

    key("upkeep.min_free_bytes", Kind::Count { min: 0, max: i64::MAX }, "536870912", "bytes",
        "Calls pause while less space is free on the archive's disk, and continue when there is more. 0: they never pause."),
    key("upkeep.optimize_seconds", Kind::Seconds, "86400", "seconds",
        "How often SQLite looks at samples of the tables again, to choose its indexes; also at each start."),

    unset("retention.raw_days", Kind::Count { min: 1, max: 36_500 }, "365", "days",
        "Raw replies are removed when they are older; unset: never. Their rows stay, but cannot be checked or read again from them."),
    unset("retention.media_days", Kind::Count { min: 1, max: 36_500 }, "365", "days",
        "Files of videos are removed when they are older; unset: never. They are not fetched again."),

    key("log.level", Kind::Directive, "\"info\"", "error, warn, info, debug, trace, or target=level, …",
        "Log level. `debug` logs every call."),
    key("log.format", Kind::OneOf(&["auto", "text", "json"]), "\"auto\"", "",
        "`auto` is text on a terminal and JSON elsewhere."),

    unset("web.listen", Kind::Socket, "\"127.0.0.1:7666\"", "",
        "Address and port of the daemon's web pages and metrics; unset: none."),
    key("web.hosts", Kind::Hosts, "[]", "names in the Host header",
        "Further names under which browsers reach the pages, such as a proxy's. This machine's own are always accepted."),
    flag("web.control", "false",
        "Let the pages pause, resume and cancel. Otherwise they only show."),
    unset("web.token_file", Kind::Path, "\"soracrawl.token\"", "",
        "File of the token that opens the pages; unset: the archive's name with `.token`. A relative path begins at this file. It is made if it is absent, readable by its owner only."),

    key("alerts.stalled_after_seconds", Kind::Seconds, "60", "seconds",
        "Seconds without a page, although jobs are ready, after which the daemon counts as stalled."),
    unset("alerts.ping_url", Kind::SecretUrl, "\"https://ping.example/your-check\"", "",
        "URL that the daemon calls as long as it works, for a service that reports if the calls stop. It is never shown."),
    key("alerts.ping_every_seconds", Kind::Seconds, "300", "seconds",
        "Interval of those calls."),
    Key {
        path: "alerts.to",
        kind: Kind::Receivers,
        default: None,
        example: "[{ url_file = \"/run/secrets/alert_url\", format = \"slack\", on = [\"stalled\", \"stopped\"] }]",
        unit: "tables [[alerts.to]] with url or url_file, format (json, slack, ntfy) and on (all conditions by default)",
        why: "Receivers of alerts. Each is told once when a condition begins, and once when it is over. The URLs are never shown.",
    },
];
