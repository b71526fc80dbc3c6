//! What operators ask while an import runs. Triggers ask in the middle of it, as another process would.

use soracrawl::erase::KeyFile;
use soracrawl::model::{Erased, OpenJobs, PauseScope, Request};

use crate::erased::Person;
use crate::import::{NO_REMOTE, import};
use crate::support::Place;

const ID: &str = "user-AbC1";
const NAME: &str = "mira.k-7";
const LINES: usize = 600;

fn mira() -> Person {
    Person {
        id: ID.to_owned(),
        name: NAME.to_owned(),
    }
}

/// Returns lines that show a person in each way: as an author, mentioned, not at all, and as a subject.
fn lines(from: usize, to: usize) -> String {
    let line = |number: usize| match number % 4 {
        0 => format!(
            r#"{{"post":{{"id":"s_{number}","text":"mine"}},"profile":{{"user_id":"{ID}","username":"{NAME}"}}}}"#
        ),
        1 => format!(
            r#"{{"post":{{"id":"s_{number}","text":"hello @{NAME}"}},"profile":{{"user_id":"user-2","username":"other.2"}}}}"#
        ),
        2 => format!(r#"{{"post":{{"id":"s_{number}","text":"nobody {number}"}}}}"#),
        _ => format!(
            r#"{{"endpoint":"get_user_profile","params":{{"user_id":"{ID}"}},"body":{{"user_id":"{ID}","username":"{NAME}","follower_count":{number}}}}}"#
        ),
    };
    (from..to).map(|number| line(number) + "\n").collect()
}

/// Returns statements that erase a person up to the request to the process that uses the archive.
pub fn erase(place: &Place, person: &Person) -> String {
    let key = KeyFile::read_or_create(&place.archive())
        .expect("a key")
        .key;
    let hash = |what, value: &str| -> String {
        let hash = key.hash(what, value);
        hash.iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let id = hash(Erased::User, &person.id);
    let name = hash(Erased::Name, &person.name);
    format!(
        "insert or ignore into erasures (person_hash, requested_at) values (x'{id}', 1.0);
         insert or ignore into erasing (kind, value) values ('user', '{}');
         insert or ignore into erased_hashes (hash) values (x'{id}'), (x'{name}');
         {}",
        person.id,
        ask(&Request::Erase)
    )
}

pub fn ask(request: &Request) -> String {
    let (command, argument) = request.parts();
    format!(
        "insert into controls (command, argument, asked_by, asked_at) values ('{command}', '{argument}', 'command', 1.0);"
    )
}

impl Place {
    /// Does something in the transaction that keeps this entry of a file, before a job takes it. Answers name the last call
    /// before them.
    pub async fn at_entry(&self, entry: &str, statements: &str) {
        let name = entry.replace(' ', "_");
        self.execute(&format!(
            "create trigger at_{name} after insert on imports
                 when new.entry = '{entry}' and (select job_id from calls where id = new.call_id) is null
                 begin {statements} end;
             create trigger if not exists answered after update of done_at on controls begin
                 update controls set result = result || ' | ' || (select max(id) from calls) where id = new.id; end;"
        ))
        .await;
    }

    pub async fn drop_triggers(&self) {
        let all = "select name from sqlite_schema where type = 'trigger' and (name like 'at_line%' or name = 'answered')";
        for name in self.texts(all).await {
            self.execute(&format!("drop trigger {name}")).await;
        }
    }

    /// Returns the answers to all requests in words, each with the last call before it.
    pub async fn answers(&self) -> Vec<(String, i64)> {
        let all = "select iif(succeeded, '', 'refused: ') || coalesce(result, 'none | 0') from controls order by id";
        let answers = self.texts(all).await.into_iter();
        let parts = answers.map(|answer| {
            let (words, call) = answer.rsplit_once(" | ").expect("two parts");
            (words.to_owned(), call.parse().expect("a number"))
        });
        parts.collect()
    }

    /// Returns where raw replies name a person that were kept after this call.
    pub async fn traces_after(&self, person: &Person, call: i64) -> Vec<String> {
        let mut traces = self.traces(person).await;
        traces.retain(|trace| {
            let number = trace
                .strip_prefix("call ")
                .and_then(|it| it.split(' ').next());
            number.is_some_and(|number| number.parse::<i64>().expect("a number") > call)
        });
        traces
    }
}

/// The numbers of a file in a report: new posts, new profiles, left out.
fn counts(file: &serde_json::Value) -> [u64; 3] {
    let named = file["not_imported"].as_array().expect("a list");
    assert!(named.iter().all(|it| it["why"] == "erased"), "{named:?}");
    let more = file["not_imported_more"].as_u64().expect("a number");
    let new = |endpoint: &str| file["new"][endpoint].as_u64().unwrap_or(0);
    [
        new("get_post_detail"),
        new("get_user_profile"),
        named.len() as u64 + more,
    ]
}

/// Returns a place with an archive that shows a person, and two files with many replies that do.
async fn place() -> Place {
    let place = Place::new(NO_REMOTE);
    let files = [
        ("first", 3, 4),
        ("long", 4, LINES),
        ("later", LINES, LINES + 8),
    ];
    for (name, from, to) in files {
        std::fs::write(place.file(&format!("{name}.jsonl")), lines(from, to)).expect("a file");
    }
    import(&place, "a.db", &["first.jsonl"]).await.with(0);
    place
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_kept_after_the_answer_to_an_erasure_shows_the_person() {
    let place = place().await;
    let files = ["long.jsonl", "later.jsonl", "--json"];
    import(&place, "b.db", &["first.jsonl"]).await.with(0);
    let without = import(&place, "b.db", &files).await.with(0).json();
    place.at_entry("line 70", &erase(&place, &mira())).await;
    let with = import(&place, "a.db", &files).await.with(0).json();
    let answers = place.answers().await;
    let [(words, last)] = &answers[..] else {
        panic!("{answers:?}");
    };
    assert_eq!(words, "erased people are known");
    // The group of the request, and the one that was gathered meanwhile.
    assert!((70..=1 + 3 * 64).contains(last), "{last}");
    let traces = place.traces_after(&mira(), *last).await;
    assert_eq!(traces, [""; 0]);
    let rows = format!(
        "select count(*) from posts left join users on users.id = author_id
         where posts.first_call_id > {last} and (users.user_id = '{ID}' or text like '%{NAME}%')"
    );
    assert_eq!(place.number(&rows).await, 0);
    // Nobody is counted twice or lost, and what was read ahead is left out.
    let [posts, profiles, left_out] = counts(&with["files"][0]);
    let [all_posts, all_profiles, none] = counts(&without["files"][0]);
    assert_eq!((posts, none), (all_posts, 0));
    assert_eq!(profiles + left_out, all_profiles);
    assert_eq!(posts + all_profiles, LINES as u64 - 4);
    let before = "select count(*) from calls where endpoint = 'get_user_profile'";
    assert_eq!(place.number(before).await as u64, profiles + 1);
    assert!(profiles <= 3 * 64 / 4, "{profiles}");
    assert_eq!(counts(&with["files"][1]), [6, 0, 2]);
    // What was kept before is erased as ever.
    place.drop_triggers().await;
    place.run(&["erase", "--finish"]).await.with(0);
    place.assert_erased(&mira()).await;
    let again = import(&place, "a.db", &files).await.with(0).json();
    assert_eq!(counts(&again["files"][0])[..2], [0, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_each_kind_are_answered_one_after_the_other() {
    let place = place().await;
    let [pause, reload, cancel, refresh, resume] = [
        Request::Pause(PauseScope::All),
        Request::Reload,
        Request::Cancel(OpenJobs::default()),
        Request::Refresh,
        Request::Resume(PauseScope::All),
    ]
    .map(|request| ask(&request));
    let erase = erase(&place, &mira());
    place
        .at_entry("line 70", &(pause + &reload + &cancel))
        .await;
    place.at_entry("line 300", &erase).await;
    place.at_entry("line 301", &(erase + &refresh)).await;
    place.at_entry("line 501", &resume).await;
    let report = import(&place, "a.db", &["long.jsonl", "--json"])
        .await
        .with(0)
        .json();
    let answers = place.answers().await;
    let words: Vec<&str> = answers.iter().map(|(words, _)| &**words).collect();
    assert_eq!(
        words,
        [
            "all calls are paused; calls in flight end",
            "refused: an import runs, and ends with the configuration that it began with",
            "refused: no open job matches",
            "erased people are known",
            "erased people are known",
            "refused: refresh.usd_per_day is not set, so there is no money for it",
            "all calls are resumed",
        ]
    );
    let calls: Vec<i64> = answers.iter().map(|(_, call)| *call).collect();
    assert!(calls[2] < 300 && calls[5] < 500, "{calls:?}");
    assert_eq!(place.traces_after(&mira(), calls[3]).await, [""; 0]);
    let [posts, profiles, left_out] = counts(&report["files"][0]);
    assert_eq!(posts + profiles + left_out, LINES as u64 - 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_whose_cursor_names_a_person_is_imported_once_into_an_empty_archive() {
    let place = Place::new(NO_REMOTE);
    place.run(&["seed", "users", "user-77"]).await.with(0);
    let page = format!(
        r#"{{"endpoint":"get_user_followers","params":{{"user_id":"user-2","cursor":"after {ID}"}},"time":1760341362,"body":{{"items":[{{"user_id":"user-3","username":"u.3"}},{{"user_id":"{ID}","username":"{NAME}"}}]}}}}"#
    ) + "\n";
    let all = lines(0, LINES);
    let posts = all
        .lines()
        .enumerate()
        .filter(|(number, _)| number % 4 != 3);
    let posts: String = posts.map(|(_, line)| format!("{line}\n")).collect();
    std::fs::write(place.file("x.jsonl"), page.clone() + &posts + &page).expect("a file");
    std::fs::write(place.file("y.jsonl"), &page).expect("a file");
    place.at_entry("line 70", &erase(&place, &mira())).await;
    let report = import(&place, "a.db", &["x.jsonl", "y.jsonl", "--json"]);
    let report = report.await.with(0).json();
    assert_eq!(place.answers().await[0].0, "erased people are known");
    assert_eq!(report["files"][0]["new"]["get_user_followers"], 1);
    let kept = "select count(*) from calls where endpoint = 'get_user_followers'";
    assert_eq!(place.number(kept).await, 1, "{report}");
    place.drop_triggers().await;
    place.run(&["erase", "--finish"]).await.with(0);
    place.assert_erased(&mira()).await;
    import(&place, "a.db", &["y.jsonl"]).await.with(0);
    assert_eq!(place.number(kept).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_erased_beside_an_import_and_does_not_come_back() {
    let place = place().await;
    std::fs::write(place.file("long.jsonl"), lines(4, 4 * LINES)).expect("a file");
    std::fs::write(place.file("people"), format!("{ID}\n")).expect("a file");
    let running = place.start(&["import", "--archive", "a.db", "long.jsonl"]);
    place.until("select count(*) > 64 from imports").await;
    let erased = place.run(&["erase", "--users", "people", "--yes"]).await;
    assert!(
        [0, 3].contains(&erased.code),
        "{}{}",
        erased.out,
        erased.err
    );
    running.end().await.with(0);
    if erased.code == 3 {
        place.run(&["erase", "--finish"]).await.with(0);
    }
    place.assert_erased(&mira()).await;
    let unanswered = "select count(*) from controls where done_at is null";
    assert_eq!(place.number(unanswered).await, 0);
}
