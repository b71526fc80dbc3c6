//! The rooms of the house, who may enter which, and what is done only where.

use crate::lexer::{self, Source};
use crate::{body, is_test_file, rust_files};

/// The production code: name and source of each file, without unit tests.
pub(crate) fn production() -> Vec<(String, Source)> {
    rust_files("src")
        .into_iter()
        .filter(|(name, _)| !is_test_file(name))
        .map(|(name, text)| (name, lexer::read(body(&text))))
        .collect()
}

pub(crate) fn room(name: &str) -> &str {
    let inner = name.strip_prefix("src/").expect("a source");
    inner.split(['/', '.']).next().expect("a part")
}

/// Files whose code has one of these words, as a whole word.
fn mentioning(words: &[&str], is_meant: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for (name, source) in production() {
        for word in words {
            if is_meant(&name) && has_word(&source.code, word) {
                found.push(format!("{name} mentions {word}"));
            }
        }
    }
    found
}

fn has_word(code: &str, word: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    code.match_indices(word).any(|(at, _)| {
        !code[..at].ends_with(is_part) && !code[at + word.len()..].starts_with(is_part)
    })
}

pub(crate) const NONE: [String; 0] = [];

/// Words of statements as this project writes them: lower case.
fn is_sql(text: &str) -> bool {
    let text = format!(
        " {} ",
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    );
    let has = |word: &str| text.contains(&format!(" {word} "));
    has("select") && (has("from") || text.starts_with(" select "))
        || has("insert into")
        || has("update") && has("set")
        || has("delete from")
        || has("create table")
        || has("pragma")
        || has("begin immediate")
        || text.starts_with(" vacuum")
}

/// Words of statements that change something.
fn is_write(text: &str) -> bool {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    [
        "insert into",
        "delete from",
        "create table",
        "drop ",
        "begin immediate",
    ]
    .iter()
    .any(|word| text.contains(word))
        || text.starts_with("update ")
}

#[test]
fn only_the_store_contains_sql_and_only_verify_asks_besides() {
    let mut found = Vec::new();
    for (name, source) in production() {
        if room(&name) == "store" {
            continue;
        }
        if room(&name) == "verify" {
            let writes = source.texts.iter().filter(|text| is_write(text));
            found.extend(writes.map(|text| format!("{name} writes: {text}")));
            continue;
        }
        // The demo prints queries for people to try; it does not run them.
        let texts = source
            .texts
            .iter()
            .filter(|text| name != "src/cli/demo.rs" || !text.starts_with("select "));
        found.extend(
            texts
                .filter(|text| is_sql(text))
                .map(|text| format!("{name}: {text}")),
        );
        if source.code.contains("sqlx::query") || source.code.contains("query_as") {
            found.push(format!("{name} asks the database itself"));
        }
    }
    assert_eq!(found, NONE);
}

#[test]
fn the_store_is_seen_to_contain_sql() {
    let statements = production()
        .iter()
        .filter(|(name, _)| room(name) == "store")
        .flat_map(|(_, source)| &source.texts)
        .filter(|text| is_sql(text))
        .count();
    assert!(
        statements > 30,
        "only {statements} statements were recognised"
    );
}

#[test]
fn only_the_client_its_replies_the_alerts_and_the_files_mention_reqwest() {
    let of_client = |name: &str| {
        name.starts_with("src/api/client")
            || ["src/api/reply.rs", "src/api/request.rs"].contains(&name)
    };
    let of_alerts = |name: &str| name.starts_with("src/daemon/alerts/");
    let of_files = |name: &str| ["src/media/remote.rs", "src/media/resolve.rs"].contains(&name);
    let is_other = |name: &str| !of_client(name) && !of_alerts(name) && !of_files(name);
    assert_eq!(mentioning(&["reqwest"], is_other), NONE);
}

#[test]
fn only_the_servers_mention_axum() {
    let is_other = |name: &str| !["sim", "web", "replay", "connections"].contains(&room(name));
    assert_eq!(mentioning(&["axum"], is_other), NONE);
}

#[test]
fn the_simulator_uses_nothing_of_ours() {
    let mut found = Vec::new();
    for (name, source) in production() {
        if room(&name) == "sim" {
            let ours = source.code.matches("crate::").count();
            let its_own = source.code.matches("crate::sim").count();
            if ours != its_own {
                found.push(name);
            }
        }
    }
    assert_eq!(found, NONE);
}

#[test]
fn what_is_pure_has_no_clock_no_randomness_and_no_io() {
    let is_pure = |name: &str| {
        let files = [
            "crawl/decide.rs",
            "crawl/plan.rs",
            "crawl/admit.rs",
            "crawl/refresh/",
            "api/parse/",
            "api/endpoints/",
            "api/payload.rs",
            "api/repair.rs",
            "api/json.rs",
            "api/retry.rs",
            "api/limiter/policy.rs",
            "api/limiter/rate.rs",
            "api/limiter/breaker.rs",
            "model/",
        ];
        files
            .iter()
            .any(|file| name.starts_with(&format!("src/{file}")))
    };
    let impure = [
        "SystemTime",
        "Instant",
        "rand",
        "tokio",
        "fs",
        "env",
        "net",
        "Timestamp::now",
        "Mutex",
        "async",
    ];
    assert_eq!(mentioning(&impure, is_pure), NONE);
    assert!(
        production()
            .iter()
            .filter(|(name, _)| is_pure(name))
            .count()
            > 20
    );
}

#[test]
fn only_the_clock_reads_the_time_of_the_system() {
    let clocks = ["SystemTime", "Timestamp::now"];
    let found = mentioning(&clocks, |name| {
        // A file name and a lock's note are for people; the simulator has its own time.
        let for_people = ["src/cli/demo.rs", "src/daemon/archive.rs"];
        room(name) != "sim" && !for_people.contains(&name)
    });
    assert_eq!(found, ["src/clock.rs mentions SystemTime".to_owned()]);
}

#[test]
fn no_endpoint_is_named_outside_its_own_file() {
    let names: Vec<&str> = soracrawl::api::endpoints::ALL
        .iter()
        .map(|entry| entry.name)
        .collect();
    assert_eq!(names.len(), 17);
    let mut found = Vec::new();
    for (name, source) in production() {
        if name.starts_with("src/api/endpoints/") || room(&name) == "sim" {
            continue;
        }
        for text in &source.texts {
            let words = text.split(|letter: char| !(letter.is_alphanumeric() || letter == '_'));
            let is_named = words.clone().any(|word| names.contains(&word));
            // The beginning of several names is a name as well.
            let is_prefix = words.clone().any(|word| {
                word.len() > 4
                    && word.ends_with('_')
                    && names.iter().any(|name| name.starts_with(word))
            });
            if is_named || is_prefix {
                found.push(format!("{name}: {text}"));
            }
        }
    }
    assert_eq!(found, NONE);
}
