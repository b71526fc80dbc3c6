//! The shape of the replies changes: receivers are told once, and `drift` shows each path.

use std::collections::BTreeSet;

use serde_json::Value;
use soracrawl::sim::{Options, Shape, Sim};

use crate::receiver::{Receiver, body};
use crate::support::Site;

/// A world with enough replies to know their shape.
pub fn talkative(alterations: &[&str]) -> Options {
    Options {
        shape: Shape::Wrapped,
        exact: true,
        users: 10,
        audience: 2,
        characters: 0,
        posts: 12,
        remixes: 0,
        followers: 2,
        comments: 2,
        replies: 0,
        appearances: 0,
        alter: alterations
            .iter()
            .map(|it| it.parse().expect("a change"))
            .collect(),
        ..Options::default()
    }
}

const ALTERED: [&str; 3] = [
    "rename:permalink=link",
    "add:algorithm",
    "retype:view_count",
];

/// The paths of the comments of posts with a mark, as `drift --json` or `status --json` list them.
fn marked(paths: &Value, mark: &str) -> BTreeSet<String> {
    let all = paths.as_array().expect("paths").iter();
    let of_mark = all.filter(|path| {
        path["mark"] == mark
            && path["endpoint"]
                .as_str()
                .is_none_or(|name| name == "get_post_comments")
    });
    of_mark
        .map(|path| path["path"].as_str().expect("a path").to_owned())
        .collect()
}

/// The columns of the truth whose values are one of a few words.
const KINDS: [&str; 7] = [
    "kind",
    "role",
    "source",
    "share_setting",
    "plan_type",
    "generation_type",
    "position",
];

/// Every text of the world, without numbers and kinds.
fn strings(sim: &Sim) -> BTreeSet<String> {
    let truth = serde_json::to_value(sim.truth()).expect("a truth");
    let (mut found, mut kinds) = (BTreeSet::new(), BTreeSet::new());
    for table in truth.as_array().expect("tables") {
        let columns = table["columns"].as_array().expect("columns");
        for row in table["rows"].as_array().expect("rows") {
            for (column, value) in columns.iter().zip(row.as_array().expect("a row")) {
                let is_kind = column.as_str().is_some_and(|name| KINDS.contains(&name));
                let set = if is_kind { &mut kinds } else { &mut found };
                set.extend(value.as_str().map(str::to_owned));
            }
        }
    }
    found.retain(|text| {
        text.parse::<f64>().is_err() && !["", "null", "true", "false", "sora"].contains(&&**text)
    });
    assert!(found.len() > 500, "{}", found.len());
    found
}

/// Fails unless the table after a sentence of docs/drift.md lists exactly the keys of an object.
fn assert_documented(object: &Value, sentence: &str) {
    let document = include_str!("../../docs/drift.md");
    let (_, after) = document.split_once(sentence).expect("the sentence");
    let rows = after
        .lines()
        .skip(4)
        .take_while(|line| line.starts_with("| `"));
    let listed: BTreeSet<&str> = rows.filter_map(|row| row.split('`').nth(1)).collect();
    let keys = object.as_object().expect("an object").keys();
    assert_eq!(keys.map(String::as_str).collect::<BTreeSet<_>>(), listed);
}

#[tokio::test]
async fn changed_replies_are_told_once_and_listed_without_a_value_of_the_world() {
    let mut receiver = Receiver::start("204 No Content").await;
    let mut site = Site::new(talkative(&[])).await;
    let url = format!("http://127.0.0.1:{}/x", receiver.port);
    site.only(&["posts", "comments"]).set(
        "alerts.to",
        &format!("[{{ url = \"{url}\", on = [\"drift\"] }}]"),
    );
    let users: Vec<String> = (0..10).map(|number| site.user(number)).collect();
    let seed = |from: usize, to: usize| {
        let mut command = vec!["seed", "users"];
        command.extend(users[from..to].iter().map(String::as_str));
        command
    };
    site.run(&seed(0, 4)).await.with(0);
    site.crawl().await.with(0);
    receiver.is_silent();
    assert_eq!(
        site.number("select count(*) from paths where mark is not null")
            .await,
        0
    );
    assert!(
        site.number("select times from paths where endpoint = 'get_post_comments' and path = ''")
            .await
            >= 30
    );
    let status = site.run(&["status"]).await.with(0);
    assert!(!status.out.contains("drift"), "{}", status.out);

    // The remote is another one now.
    let altered = Sim::start(talkative(&ALTERED)).await.expect("a simulator");
    site.set("api.base_url", &format!("{:?}", altered.base_url()));
    site.run(&seed(4, 7)).await.with(0);
    site.crawl().await.with(0);
    let told = body(&receiver.next("the change").await);
    assert_eq!(
        (told["alert"].as_str(), told["state"].as_str()),
        (Some("drift"), Some("firing"))
    );
    let sentence = told["sentence"].as_str().expect("a sentence");
    assert!(
        sentence.starts_with("paths of the replies changed: ") && sentence.contains(" new, "),
        "{sentence}"
    );
    let status = site.run(&["status"]).await.with(0);
    assert!(
        status
            .out
            .contains("\ndrift    paths of the replies changed: "),
        "{}",
        status.out
    );
    let status: Value =
        serde_json::from_str(&site.run(&["status", "--json"]).await.with(0).out).expect("JSON");
    let has = |paths: &BTreeSet<String>, end: &str| paths.iter().any(|path| path.ends_with(end));
    let changed = &status["changed_paths"];
    assert!(has(&marked(changed, "vanished"), ".permalink"), "{changed}");
    assert!(has(&marked(changed, "new"), ".link"), "{changed}");
    assert!(has(&marked(changed, "new"), ".algorithm"), "{changed}");
    assert!(has(&marked(changed, "retyped"), ".view_count"), "{changed}");

    // The same change is no news for the next daemon.
    site.run(&seed(7, 10)).await.with(0);
    site.crawl().await.with(0);
    receiver.is_silent();

    let drift = site.run(&["drift", "--json"]).await.with(0);
    let found: Value = serde_json::from_str(&drift.out).expect("JSON");
    let of = found["endpoints"].as_array().expect("endpoints").iter();
    let comments = of
        .clone()
        .find(|of| of["endpoint"] == "get_post_comments")
        .expect("comments");
    assert_eq!(comments["replies"], 120);
    let paths = &comments["paths"];
    for mark in ["new", "vanished", "retyped"] {
        let told: BTreeSet<String> = marked(changed, mark);
        let listed = marked(paths, mark);
        assert!(told.is_subset(&listed), "{mark}: {told:?} and {listed:?}");
    }
    let path = |end: &str| {
        let mut all = paths.as_array().expect("paths").iter();
        all.find(|path| {
            path["path"]
                .as_str()
                .is_some_and(|name| name.ends_with(end))
        })
        .expect("a path")
    };
    let (old, new) = (path(".permalink"), path(".link"));
    assert_eq!((&old["read"], &new["read"]), (&true.into(), &false.into()));
    assert!(
        old["last_call_id"].as_i64() < new["first_call_id"].as_i64(),
        "{old} {new}"
    );
    assert_eq!(
        path(".view_count")["types"],
        serde_json::json!(["number", "object"])
    );
    let examples: Vec<&str> = of
        .flat_map(|of| of["paths"].as_array().expect("paths"))
        .map(|path| path["example"].as_str().expect("an example"))
        .collect();
    assert!(examples.len() > 150, "{}", examples.len());
    for text in strings(&altered) {
        assert!(
            !examples
                .iter()
                .any(|it| it.trim_matches('"') == text || text.len() > 12 && it.contains(&text)),
            "{text}"
        );
    }

    assert_documented(comments, "An endpoint has these keys");
    assert_documented(&paths[0], "A path has these keys");

    let table = site.run(&["drift", "--changed"]).await.with(0);
    assert!(
        table.out.contains("get_post_comments: replies 120"),
        "{}",
        table.out
    );
    assert!(
        table.out.contains("vanished") && table.out.contains("an object"),
        "{}",
        table.out
    );
    assert!(!table.out.contains(".like_count"), "{}", table.out);
    let unread = site.run(&["drift", "--unread"]).await.with(0);
    assert!(
        unread.out.contains("cache_url") && !unread.out.contains(".like_count "),
        "{}",
        unread.out
    );
}
