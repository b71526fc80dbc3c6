//! No name of a person comes out of `drift`, `status`, the alert or the table of paths, wherever the remote writes it.

use serde_json::{Value, json};

use crate::drift::talkative;
use crate::import::import;
use crate::receiver::{Receiver, body};
use crate::support::Site;

/// Names as people choose them: the same ones at each run, and none a word of a field.
fn names() -> Vec<String> {
    let mut state = 88_172_645_463_325_252_u64;
    let mut next = |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    let mut letters = |count: u64| -> String {
        let letter = |n: u64| char::from(b'a' + u8::try_from(n).expect("a letter"));
        (0..count).map(|_| letter(next(26))).collect()
    };
    let forms: [fn(String, String) -> String; 6] = [
        |one, _| one,
        |one, other| format!("{one}_{other}"),
        |one, other| format!("{one}.{other}"),
        |one, _| format!("user-{one}"),
        |one, other| format!("{one}@{other}.example"),
        |one, other| format!("{one} {other}"),
    ];
    (0..60)
        .map(|number| forms[number % forms.len()](letters(8), letters(7)))
        .collect()
}

/// A reply with names in unknown places, as keys and as values.
fn hostile(number: usize, names: &[String]) -> Value {
    let name = |at: usize| names[(number * 5 + at) % names.len()].as_str();
    let always = names[0].as_str();
    json!({
        "code": 200,
        "by_user": {always: {"count": 1}},
        "viewer": {name(0): 1, name(1): {"likes": 2}},
        name(2): [name(3)],
        "data": {
            "items": [
                {"id": format!("c{number}"), "text": name(0), "account_type": name(1), name(2): 1},
                {"id": format!("d{number}"), "text": name(3), "state": name(4), name(0): {name(1): name(2)}},
                {"id": format!("e{number}"), "text": "x", "badge": {"status": name(3), always: always}},
            ],
            "cursor": null,
            "mentions": [{name(0): {"a": 1}}, {name(1): {"b": 1}}],
            "total_count": 3,
            name(4): {name(3): 1, name(2): 2},
        },
    })
}

#[tokio::test]
async fn no_name_in_an_unknown_place_is_told_by_drift_status_or_the_alert() {
    let mut receiver = Receiver::start("204 No Content").await;
    let mut site = Site::new(talkative(&[])).await;
    let url = format!("http://127.0.0.1:{}/x", receiver.port);
    let receivers = format!("[{{ url = \"{url}\", on = [\"drift\"] }}]");
    site.only(&["posts", "comments"])
        .set("alerts.to", &receivers);
    let users: Vec<String> = (0..5).map(|number| site.user(number)).collect();
    let mut seed = vec!["seed", "users"];
    seed.extend(users[..4].iter().map(String::as_str));
    site.run(&seed).await.with(0);
    site.crawl().await.with(0);
    receiver.is_silent();
    let names = names();
    let lines: Vec<String> = (0..12)
        .map(|number| {
            let reply = hostile(number, &names);
            let params = json!({"post_id": format!("s_{number}")});
            json!({"endpoint": "get_post_comments", "params": params, "body": reply}).to_string()
        })
        .collect();
    std::fs::write(site.file("hostile.jsonl"), lines.join("\n")).expect("a file");
    import(&site, "a.db", &["hostile.jsonl"]).await.with(0);
    site.run(&["seed", "users", &users[4]]).await.with(0);
    site.crawl().await.with(0);
    let told = body(&receiver.next("the change").await).to_string();
    let mut outputs = vec![("the alert", told)];
    for command in [
        &["drift"][..],
        &["drift", "--json"],
        &["drift", "--changed"],
        &["status"],
        &["status", "--json"],
    ] {
        outputs.push((command[0], site.run(command).await.with(0).out));
    }
    let paths = site.texts("select path from paths").await;
    assert!(paths.iter().any(|path| path == "by_user.*"), "{paths:?}");
    assert!(
        paths.iter().any(|path| path == "data.total_count"),
        "{paths:?}"
    );
    assert!(outputs[4].1.contains("drift") && outputs[5].1.contains("data.total_count"));
    outputs.push(("paths", paths.join("\n")));
    for name in &names {
        for (output, text) in &outputs {
            assert!(!text.contains(name.as_str()), "{output} has {name}");
        }
    }
}
