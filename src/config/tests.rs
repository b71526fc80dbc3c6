//! Tests of the configuration as a whole.

use std::collections::BTreeSet;

use super::{Config, KEYS, LogFormat, Problem, Secret, example, variable};
use crate::model::MicroUsd;

type Env = std::vec::IntoIter<(String, String)>;

fn env(variables: &[(&str, &str)]) -> Env {
    let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
    variables.iter().map(owned).collect::<Vec<_>>().into_iter()
}

fn parse(text: &str) -> Result<Config, Vec<Problem>> {
    Config::parse("crawler.toml", text, env(&[]))
}

fn good(text: &str) -> Config {
    parse(text).unwrap_or_else(|problems| panic!("{text}: {problems:?}"))
}

fn shown(problems: Result<Config, Vec<Problem>>) -> Vec<String> {
    problems
        .expect_err("expected at least one problem")
        .iter()
        .map(ToString::to_string)
        .collect()
}

fn only(text: &str) -> String {
    let mut lines = shown(parse(text));
    assert_eq!(lines.len(), 1, "{lines:?}");
    lines.remove(0)
}

#[test]
fn the_example_file_lists_every_key_with_its_default() {
    let file = include_str!("../../crawler.toml.example");
    assert_eq!(file, example(), "crawler.toml.example does not match KEYS");
    assert_eq!(good(file), Config::default());
    assert_eq!(good(""), Config::default());
}

#[test]
#[ignore = "it writes crawler.toml.example: cargo test --lib -- --ignored write_the_example"]
fn write_the_example() {
    std::fs::write("crawler.toml.example", example()).unwrap();
}

#[test]
fn every_example_value_is_accepted() {
    let all: String = example()
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest)
                if rest
                    .split_once(" = ")
                    .is_some_and(|(key, _)| !key.contains(' ')) =>
            {
                rest
            }
            _ => line,
        })
        .flat_map(|line| [line, "\n"])
        .collect();
    let config = good(&all);
    assert_eq!(config.budget.run_usd, Some(MicroUsd(5_000_000)));
    assert_eq!(config.crawl.filter.posted_after, Some(1_759_276_800.0));
    let unset = config
        .effective_toml(None)
        .lines()
        .filter(|line| line.contains(": not set"))
        .count();
    assert_eq!(
        unset,
        1,
        "only the API key should be unset: {}",
        config.effective_toml(None)
    );
}

#[test]
fn keys_are_unique_and_grouped_by_section() {
    let mut paths = BTreeSet::new();
    let mut sections = Vec::new();
    for key in KEYS {
        assert!(paths.insert(key.path), "duplicate key {}", key.path);
        assert!(key.why.ends_with(['.', ')']), "{}: {}", key.path, key.why);
        let section = key.path.rsplit_once('.').expect("a section").0;
        if sections.last() != Some(&section) {
            assert!(!sections.contains(&section), "duplicate section {section}");
            sections.push(section);
        }
    }
}

#[test]
fn the_defaults_match_the_documented_values() {
    let config = Config::default();
    assert_eq!(config.archive.path.to_str(), Some("sora.db"));
    assert_eq!(config.api.base_url, "https://api.tikhub.io");
    assert_eq!(
        (config.api.key_env.as_str(), &config.api.key_file),
        ("TIKHUB_API_KEY", &None)
    );
    assert_eq!(
        (
            config.limits.requests_per_second,
            config.limits.endpoint_rate()
        ),
        (10.0, 10.0)
    );
    assert_eq!(
        (config.limits.max_in_flight, config.limits.max_attempts),
        (4, 5)
    );
    assert_eq!(
        (config.limits.lease_seconds, config.limits.grace_seconds),
        (300.0, 65.0)
    );
    assert_eq!(
        (config.budget.total_usd, config.budget.confirm_above_usd.0),
        (None, 50_000_000)
    );
    assert_eq!(
        (
            config.crawl.max_depth,
            config.crawl.posts,
            config.crawl.download_info
        ),
        (0, true, false)
    );
    assert_eq!(
        (config.log.level.as_str(), config.log.format),
        ("info", LogFormat::Auto)
    );
}

#[test]
fn all_problems_are_reported_together_with_their_lines() {
    let text = "\
[limits]
max_in_flight = 0
max_atempts = 3
requests_per_second = \"fast\"

[api]
base_url = \"http://api.example.org\"
timeout_seconds = 250

[colours]
red = 1

[crawl]
max_pages = 3
posts = 1
";
    assert_eq!(
        shown(parse(text)),
        [
            "crawler.toml:2: limits.max_in_flight: must be from 1 to 10000, not 0",
            "crawler.toml:3: limits.max_atempts: unknown key; did you mean limits.max_attempts?",
            "crawler.toml:4: limits.requests_per_second: expected a number, found a string",
            "crawler.toml:7: api.base_url: would send the API key unencrypted: use https://, or set \
             api.allow_insecure_http = true",
            "crawler.toml:8: limits.lease_seconds: must be at least 375 (1.5 × api.timeout_seconds): if a lease \
             expires during a call, a second worker buys the same page",
            "crawler.toml:10: colours: unknown key",
            "crawler.toml:14: crawl.max_pages: expected a section: write [crawl.max_pages] and put its keys below it",
            "crawler.toml:15: crawl.posts: expected true or false, found an integer",
        ]
    );
}

#[test]
fn each_invalid_value_is_reported_with_its_key_and_reason() {
    for (text, why) in [
        (
            "limits.requests_per_second = 0",
            "must be above 0 calls per second, not 0",
        ),
        ("limits.requests_per_second = nan", "must be from"),
        ("limits.requests_per_second = inf", "must be from"),
        (
            "limits.grace_seconds = -1",
            "must be above 0 seconds, not -1",
        ),
        ("limits.lease_seconds = 1e300", "must be from"),
        (
            "limits.max_in_flight = 99999999999999999999",
            "found an integer of more than 64 bits",
        ),
        (
            "limits.max_in_flight = 4.0",
            "expected an integer, found a float",
        ),
        (
            "limits.retry_cap_seconds = 0.1",
            "must be at least limits.retry_base_seconds (0.5)",
        ),
        ("limits.lease_seconds = 60", "must be at least 90"),
        (
            "api.connect_timeout_seconds = 61",
            "must be at most api.timeout_seconds (60)",
        ),
        ("api.base_url = \"api.tikhub.io\"", "invalid URL"),
        (
            "api.base_url = \"ftp://api.tikhub.io\"",
            "must start with https://",
        ),
        (
            "api.base_url = \"https://u:p@api.tikhub.io\"",
            "user name or password",
        ),
        (
            "api.base_url = \"https://api.tikhub.io/?token=x\"",
            "must not contain `?` or `#`",
        ),
        (
            "api.base_url = \"http://127.0.0.1.example.org\"",
            "unencrypted",
        ),
        (
            "api.user_agent = \"a\\nb\"",
            "must be non-empty printable ASCII",
        ),
        ("api.max_body_bytes = 0", "must be from 1"),
        ("budget.run_usd = -1", "is not an amount of dollars"),
        ("budget.run_usd = 0.0000001", "more than six decimal places"),
        ("budget.run_usd = true", "expected an amount of dollars"),
        ("budget.run_usd = 1e3", "is not an amount of dollars"),
        (
            "budget.run_usd = 1000000001",
            "must be at most $1000000000.00",
        ),
        (
            "seeds.users = \"user-1\"",
            "expected a list of strings, found a string",
        ),
        (
            "seeds.users = [\"user-1\", 2]",
            "item 2: expected a string, found an integer",
        ),
        ("seeds.users = [\" \"]", "item 1 is empty"),
        ("crawl.max_pages.posts = 0", "must be from 1"),
        ("crawl.filter.min_likes = -1", "must be at least 0, not -1"),
        (
            "crawl.filter.posted_after = 2025-10-01T00:00:00",
            "must be a date",
        ),
        (
            "crawl.filter.posted_after = \"yesterday\"",
            "must be a date",
        ),
        ("log.level = \"inof\"", "must be one of off, error"),
        ("log.level = \"sqlx=loud\"", "must be one of off, error"),
        (
            "log.format = \"xml\"",
            "must be one of \"auto\", \"text\", \"json\"",
        ),
        ("archive.path = \"\"", "must not be empty"),
        ("api = 3", "expected a section: write [api]"),
        ("max_in_flight = 3", "did you mean limits.max_in_flight?"),
        (
            "crawl.max_pages.post = 3",
            "did you mean crawl.max_pages.posts?",
        ),
        (
            "[limits]\n\"\\u001b[31m\" = 3",
            "limits.\\u{1b}[31m: unknown key",
        ),
        ("[limits", "invalid TOML"),
    ] {
        let problem = only(text);
        assert!(problem.contains(why), "{text}: {problem}");
        let line = if text.starts_with("[limits]") { 2 } else { 1 };
        assert!(
            problem.starts_with(&format!("crawler.toml:{line}: ")),
            "{problem}"
        );
    }
}

#[test]
fn every_syntax_error_is_reported() {
    let lines = shown(parse(
        "[limits]\nmax_in_flight = \n\n[crawl]\nposts = tru\nposts = true\n",
    ));
    assert!(
        lines.len() >= 2 && lines.iter().all(|line| line.contains("invalid TOML")),
        "{lines:?}"
    );
}

#[test]
fn an_api_key_in_the_file_is_rejected_and_not_shown() {
    for text in [
        "api.key = \"hunter2hunter2\"",
        "api.token = \"hunter2hunter2\"",
        "api_key = \"hunter2hunter2\"",
        "[limits]\nauthorization = \"hunter2hunter2\"",
    ] {
        let problem = only(text);
        assert!(
            problem.contains("secrets do not belong in the configuration"),
            "{problem}"
        );
        assert!(!problem.contains("hunter2"), "{problem}");
    }
    let pasted = only("api.key_env = \"hunter2hunter2\"");
    assert!(
        pasted.contains("not the key itself") && !pasted.contains("hunter2"),
        "{pasted}"
    );
    let lines = shown(Config::parse(
        "x",
        "",
        env(&[("SORACRAWL_API__KEY", "hunter2hunter2")]),
    ));
    assert!(
        lines[0].contains("secrets do not belong") && !lines[0].contains("hunter2"),
        "{lines:?}"
    );
}

#[test]
fn amounts_are_exact_in_every_notation() {
    for (text, micros) in [
        ("0.1", 100_000),
        ("0.30", 300_000),
        ("+12.5", 12_500_000),
        ("12", 12_000_000),
        ("\"12.50\"", 12_500_000),
        ("0.000001", 1),
        ("1_000.000_001", 1_000_000_001),
        ("999999999.999999", 999_999_999_999_999),
    ] {
        let config = good(&format!("budget.run_usd = {text}"));
        assert_eq!(config.budget.run_usd, Some(MicroUsd(micros)), "{text}");
        assert_eq!(good(&config.effective_toml(None)), config, "{text}");
    }
}

#[test]
fn a_moment_is_a_date_or_a_time_with_offset() {
    for (text, seconds) in [
        ("2025-10-01", 1_759_276_800.0),
        ("\"2025-10-01\"", 1_759_276_800.0),
        ("2025-10-01T02:00:00+02:00", 1_759_276_800.0),
        ("\"2025-10-01T00:00:00.5Z\"", 1_759_276_800.5),
    ] {
        let config = good(&format!("crawl.filter.posted_after = {text}"));
        assert_eq!(config.crawl.filter.posted_after, Some(seconds), "{text}");
        assert_eq!(good(&config.effective_toml(None)), config, "{text}");
    }
}

#[test]
fn loopback_hosts_allow_plain_http_and_trailing_slashes_are_removed() {
    for host in ["127.0.0.1:8080", "localhost", "[::1]:9", "127.8.8.8"] {
        let config = good(&format!("api.base_url = \"http://{host}/api/u1//\""));
        assert_eq!(config.api.base_url, format!("http://{host}/api/u1"));
    }
    good("[api]\nbase_url = \"http://example.org\"\nallow_insecure_http = true");
}

#[test]
fn the_environment_overrides_the_file() {
    let config = Config::parse(
        "crawler.toml",
        "[limits]\nmax_in_flight = 2\nmax_attempts = 9\n",
        env(&[
            ("SORACRAWL_LIMITS__MAX_IN_FLIGHT", "8"),
            ("SORACRAWL_CRAWL__MAX_PAGES__POSTS", "3"),
            ("SORACRAWL_SEEDS__USERS", "user-1, @two ,"),
            ("SORACRAWL_SEEDS__POSTS", "[\"s_1\", \"s_2\"]"),
            ("SORACRAWL_ARCHIVE__PATH", "/data/1.db"),
            ("SORACRAWL_LOG__LEVEL", "\"debug\""),
            ("SORACRAWL_BUDGET__RUN_USD", "12.50"),
            ("SORACRAWL_CRAWL__FILTER__POSTED_AFTER", "2025-10-01"),
            ("SORACRAWL_API__ALLOW_INSECURE_HTTP", "true"),
            ("SORACRAWL_CONFIG", "not a configuration key"),
            ("PATH", "/bin"),
        ]),
    )
    .expect("a valid configuration");
    assert_eq!(
        (config.limits.max_in_flight, config.limits.max_attempts),
        (8, 9)
    );
    assert_eq!(config.crawl.max_pages.posts, Some(3));
    assert_eq!(config.seeds.users, ["user-1", "@two"]);
    assert_eq!(config.seeds.posts, ["s_1", "s_2"]);
    assert_eq!(config.archive.path.to_str(), Some("/data/1.db"));
    assert_eq!(config.log.level, "debug");
    assert_eq!(config.budget.run_usd, Some(MicroUsd(12_500_000)));
    assert_eq!(config.crawl.filter.posted_after, Some(1_759_276_800.0));
    assert!(config.api.allow_insecure_http);
}

#[test]
fn problems_of_variables_are_reported_after_those_of_the_file() {
    let lines = shown(Config::parse(
        "crawler.toml",
        "[log]\nformat = 3\n",
        env(&[
            ("SORACRAWL_LIMITS__MAX_IN_FLIGHT", "many"),
            ("SORACRAWL_LIMITS__MAX_IN_FLIHGT", "3"),
            ("SORACRAWL_API__TIMEOUT_SECONDS", "0"),
            ("SORACRAWL_limits__max_attempts", "3"),
        ]),
    ));
    assert_eq!(
        lines,
        [
            "crawler.toml:2: log.format: expected a string, found an integer",
            "SORACRAWL_API__TIMEOUT_SECONDS: api.timeout_seconds: must be above 0 seconds, not 0",
            "SORACRAWL_LIMITS__MAX_IN_FLIGHT: limits.max_in_flight: expected an integer, found a string",
            "SORACRAWL_LIMITS__MAX_IN_FLIHGT: limits.max_in_flihgt: unknown key; did you mean \
             SORACRAWL_LIMITS__MAX_IN_FLIGHT?",
            "SORACRAWL_limits__max_attempts: limits.max_attempts: unknown key; did you mean \
             SORACRAWL_LIMITS__MAX_ATTEMPTS?",
        ]
    );
}

#[test]
fn every_key_has_an_environment_variable() {
    for key in KEYS {
        let text = key.example.trim_matches('"');
        let set = env(&[
            (&variable(key.path), text),
            ("SORACRAWL_API__ALLOW_INSECURE_HTTP", "true"),
            ("SORACRAWL_BUDGET__TOTAL_USD", "100.00"),
        ]);
        assert!(
            Config::parse("x", "", set).is_ok(),
            "{} = {text}",
            variable(key.path)
        );
    }
}

#[test]
fn a_file_named_explicitly_must_exist() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.toml");
    let lines = shown(Config::load(Some(&path), env(&[])));
    assert!(
        lines[0].contains("other.toml: cannot read the file"),
        "{lines:?}"
    );
    std::fs::write(&path, "limits.max_in_flight = 7\n").unwrap();
    assert_eq!(
        Config::load(Some(&path), env(&[]))
            .unwrap()
            .limits
            .max_in_flight,
        7
    );
}

#[test]
fn the_key_variable_takes_precedence_over_the_key_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    std::fs::write(&path, "from-the-file\n").unwrap();
    let mut config = Config::default();
    config.api.key_file = Some(path);
    let set = [("TIKHUB_API_KEY", "from-the-variable")];
    let found = config.key(env(&set)).unwrap();
    assert_eq!(
        (found.secret, found.warning),
        (Secret::new("from-the-variable").unwrap(), None)
    );
    assert_eq!(found.from, "environment TIKHUB_API_KEY");
    for nothing in [env(&[]), env(&[("TIKHUB_API_KEY", "")])] {
        assert_eq!(
            config.key(nothing).unwrap().secret,
            Secret::new("from-the-file").unwrap()
        );
    }
}

#[cfg(unix)]
#[test]
fn a_key_file_readable_by_other_users_causes_a_warning() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    std::fs::write(&path, "from-the-file\n").unwrap();
    let mut config = Config::default();
    config.api.key_file = Some(path.clone());
    for (mode, warned) in [(0o600, false), (0o400, false), (0o640, true), (0o644, true)] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(
            config.key(env(&[])).unwrap().warning.is_some(),
            warned,
            "{mode:o}"
        );
    }
}

#[test]
fn a_missing_or_malformed_key_is_a_problem_that_does_not_contain_the_key() {
    let config = Config::default();
    let why = config.key(env(&[])).unwrap_err().to_string();
    assert!(
        why.contains("no API key") && why.contains("TIKHUB_API_KEY"),
        "{why}"
    );
    for bad in ["hunter2 hunter2", "hunter2\u{e9}", "\"hunter2\""] {
        let why = config
            .key(env(&[("TIKHUB_API_KEY", bad)]))
            .unwrap_err()
            .to_string();
        assert!(!why.contains("hunter2"), "{why}");
    }
}

#[test]
fn the_effective_configuration_parses_to_the_same_values_and_hides_the_key() {
    let mut config =
        good("budget.day_usd = 0.07\nseeds.users = [\"user-1\"]\ncrawl.max_pages.feed = 2");
    config.api.key_file = Some("/run/secrets/key".into());
    let found = config
        .key(env(&[("TIKHUB_API_KEY", "hunter2hunter2")]))
        .unwrap();
    let text = config.effective_toml(Some(&found));
    assert_eq!(good(&text), config);
    assert!(
        text.contains("# API key: set (from environment TIKHUB_API_KEY)"),
        "{text}"
    );
    assert!(
        text.contains("day_usd = 0.07\n") && !text.contains("hunter2"),
        "{text}"
    );
    assert!(config.effective_toml(None).contains("# API key: not set"));
    assert!(text.contains("# total_usd: not set"));
}

#[test]
fn every_key_sets_its_own_value_and_no_other() {
    let table = |config: &Config| toml::Table::try_from(config).unwrap();
    let default = flat(&table(&Config::default()), "");
    let mut seen = 0;
    for key in KEYS {
        // The default of a key is no proof, so its opposite or another number is set.
        let value = match key.default {
            Some("true") => "false".to_owned(),
            Some("false") => "true".to_owned(),
            _ => match key.example.parse::<i64>() {
                Ok(number) => (number + 1).to_string(),
                Err(_) => continue,
            },
        };
        let text = format!("{} = {value}\n", key.path);
        let Ok(config) = Config::parse("crawler.toml", &text, std::iter::empty()) else {
            // A rule relates it to another key.
            continue;
        };
        let changed: Vec<String> = flat(&table(&config), "")
            .into_iter()
            .filter(|pair| !default.contains(pair))
            .map(|(path, _)| path)
            .collect();
        assert_eq!(changed, [key.path], "{text}");
        seen += 1;
    }
    assert!(seen > 40, "only {seen} keys");
}

/// Returns all values with their full paths.
fn flat(table: &toml::Table, before: &str) -> Vec<(String, String)> {
    let values = table.iter().flat_map(|(name, value)| {
        let path = format!("{before}{name}");
        match value {
            toml::Value::Table(inner) => flat(inner, &format!("{path}.")),
            other => vec![(path, other.to_string())],
        }
    });
    values.collect()
}
