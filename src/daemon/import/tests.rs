use std::collections::HashSet;
use std::sync::Arc;

use tempfile::TempDir;
use tokio::sync::mpsc;

use super::found::{FoundReply, Read, Rooms, Why};
use super::group::{Group, gather, keep};
use super::known::Known;
use super::maker::{About, Maker};
use super::report::{FileReport, Report};
use super::requests::Requests;
use crate::api::{Secret, endpoints};
use crate::clock::Clock;
use crate::config::Config;
use crate::crawl::Engine;
use crate::daemon::{Archive, Signals, parts};
use crate::model::{EraseKey, Erased, PauseScope, Request};
use crate::replies::People;
use crate::replies::import::{Beside, Recognised};
use crate::store::{Change, Importing, RunKind, TextTable};

const ID: &str = "user-AbC1";

async fn engine() -> (TempDir, Archive, Arc<Engine>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let archive = Archive::open(&path, RunKind::Import, Clock::real());
    let archive = archive.await.unwrap();
    let key = Secret::new("none").unwrap();
    let parts = parts(&archive, &Config::default(), &key, true).await;
    (folder, archive, Arc::new(Engine::new(parts.unwrap())))
}

fn made(maker: &Maker, endpoint: &str, subject: &str) -> Read {
    let body = format!(r#"{{"user_id":"{ID}","username":"mira.k"}}"#);
    let body = match endpoint {
        "get_user_profile" => body,
        _ => format!(r#"{{"items":[{body},{{"user_id":"user-2"}}],"cursor":"to {ID}"}}"#),
    };
    let at = format!("at {ID}");
    let request = (endpoint, subject, Some(&*at));
    made_of(maker, request, &body, (Some(200), false))
}

/// Returns what is made of the body of a reply with this endpoint, subject and cursor. `as_is` is its status, and whether people
/// were taken out of it earlier.
fn made_of(
    maker: &Maker,
    (endpoint, subject, cursor): (&str, &str, Option<&str>),
    body: &str,
    (status, is_redacted): (Option<u16>, bool),
) -> Read {
    let reply = Recognised {
        entry: endpoints::find(endpoint).unwrap(),
        subject: subject.to_owned(),
        cursor: cursor.map(str::to_owned),
        part: String::new(),
        body: body.as_bytes().to_vec(),
    };
    let about = About {
        at: 1.7e9,
        is_dated: true,
        status,
        request_id: Some(ID),
        is_redacted,
        beside: Beside::default(),
    };
    maker.made("line 1".to_owned(), reply, about)
}

fn reply(read: Read) -> Box<FoundReply> {
    match read {
        Read::Reply(found) => found,
        _ => panic!("no reply"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_that_was_read_ahead_is_kept_without_who_was_erased_meanwhile() {
    let (_folder, _archive, engine) = engine().await;
    let maker = Maker::of(&engine);
    let packer = &engine.parts.packer;
    let is_named = |found: &FoundReply| {
        let packed = found.reply.settlement.body.as_deref().unwrap();
        let stored = String::from_utf8(packer.unpack(packed).unwrap()).unwrap();
        assert_eq!(stored.as_bytes(), found.body);
        (format!("{:?}", found.reply) + &stored).contains(ID)
    };
    let mut list = reply(made(&maker, "get_user_followers", "user-9"));
    let runtime = tokio::runtime::Handle::current();
    let room = tokio::task::spawn_blocking(move || Rooms::new().wait(9, &runtime));
    list.room = room.await.unwrap();
    let profile = made(&maker, "get_user_profile", ID);
    let list = reply(maker.renewed(Read::Reply(list)));
    assert!(is_named(&list) && !list.reply.harvest.is_redacted);
    let (before, sha256) = (list.reply.item_hashes.clone(), list.reply.sha256.clone());
    let key = EraseKey::new(&[7; 32]);
    let hashes = HashSet::from([key.hash(Erased::User, ID)]);
    engine.learn_erasures(People::hashed(key, hashes), &[]);
    let list = reply(maker.renewed(Read::Reply(list)));
    assert!(!is_named(&list) && list.reply.harvest.is_redacted);
    assert!(list.room.is_some(), "its memory is still counted");
    assert_ne!(list.stored, sha256[..]);
    assert_eq!(list.reply.sha256, sha256);
    assert_ne!(list.reply.item_hashes, before);
    assert_eq!(list.reply.entry, "line 1");
    let Read::Not(not) = maker.renewed(profile) else {
        panic!("the profile of an erased person");
    };
    assert_eq!((&*not.place, not.why), ("line 1", Why::Erased));
    // What is read from now on is as good.
    let next = reply(made(&maker, "get_user_followers", "user-9"));
    assert_eq!(next.body, list.body);
    assert_eq!(next.reply.settlement.body, list.reply.settlement.body);
    assert_eq!(next.reply.item_hashes, list.reply.item_hashes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_has_nothing_to_say_keeps_no_request_waiting() {
    let (_folder, archive, engine) = engine().await;
    let config = Config::default();
    let mut requests = Requests::new(&engine, &config);
    let asked = Request::Pause(PauseScope::All);
    let id = archive.store.ask(&asked, "command", 1.0).await.unwrap();
    let (_sender, mut silent) = mpsc::channel(1);
    let mut all = Known::of(None, &engine.parts.packer, true).await.unwrap();
    let mut file = FileReport::default();
    let mut report = Report::default();
    let mut signals = Signals::listen().unwrap();
    let with = (&mut signals, &mut requests, &mut report);
    let group = gather(&mut silent, &Maker::of(&engine), &mut all, &mut file, with).await;
    let group = group.unwrap();
    assert!(group.replies.is_empty() && !group.is_last);
    assert!(requests.are_waiting().await);
    requests.carry_out().await;
    assert!(
        archive
            .store
            .answer_to(id)
            .await
            .unwrap()
            .unwrap()
            .succeeded
    );
    assert!(!requests.are_waiting().await);
}

#[test]
fn a_report_does_not_quote_who_was_erased_after_it_was_noted() {
    let mut report = Report::default();
    let mut file = FileReport::default();
    file.note(Read::bad("line 1", format!("what {ID} said")));
    file.note(Read::Other(format!("about {ID}")));
    file.note(Read::Other("of others".to_owned()));
    report.files.push(file);
    let key = EraseKey::new(&[7; 32]);
    let hashes = HashSet::from([key.hash(Erased::User, ID)]);
    report.take_out(&People::hashed(key, hashes));
    assert!(!format!("{report:?}").contains(ID), "{report:?}");
    let file = &report.files[0];
    assert_eq!(file.other.values().sum::<u64>(), 2);
    assert_eq!(file.not_imported[0].place, "line 1");
}

/// Erases the person of these tests.
fn erase(engine: &Engine) -> People {
    let key = EraseKey::new(&[7; 32]);
    let hashes = HashSet::from([key.hash(Erased::User, ID)]);
    let people = People::hashed(key, hashes);
    engine.learn_erasures(people.clone(), &[]);
    people
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_showed_only_erased_people_is_no_empty_page() {
    let (_folder, _archive, engine) = engine().await;
    let maker = Maker::of(&engine);
    erase(&engine);
    let followers = ("get_user_followers", "user-9", None);
    let pages = |items: &str| {
        [
            (format!("[{items}]"), None),
            (format!(r#"{{"items":[{items}]}}"#), Some(206)),
            (
                format!(r#"{{"code":200,"cursor":"c2","data":{{"items":[{items}]}}}}"#),
                Some(200),
            ),
        ]
    };
    let theirs = format!(r#"{{"user_id":"{ID}","username":"mira.k"}}"#);
    for (body, status) in pages(&theirs) {
        let found = reply(made_of(&maker, followers, &body, (status, false)));
        let harvest = &found.reply.harvest;
        assert!(harvest.is_redacted && harvest.users.is_empty(), "{body}");
        assert!(!String::from_utf8_lossy(&found.body).contains(ID));
        // So it is if somebody else is erased before it is kept, or if it comes from an archive that erased them.
        let kept = String::from_utf8(found.body.clone()).unwrap();
        let key = EraseKey::new(&[7; 32]);
        let more = [ID, "user-2"].map(|id| key.hash(Erased::User, id));
        engine.learn_erasures(People::hashed(key, more.into()), &[]);
        let again = reply(maker.renewed(Read::Reply(found)));
        assert_eq!(again.body, kept.as_bytes());
        let other = reply(made_of(&maker, followers, &kept, (status, true)));
        assert_eq!(other.body, kept.as_bytes());
    }
    // Nobody was taken out of its list.
    for (body, status) in pages("") {
        for is_redacted in [false, true] {
            let read = made_of(&maker, followers, &body, (status, is_redacted));
            let Read::Not(not) = read else {
                panic!("{body} is a page");
            };
            assert_eq!(not.why, Why::Bad, "{}", not.reason);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_is_imported_once_although_its_cursor_was_sealed_meanwhile() {
    let (_folder, archive, engine) = engine().await;
    let maker = Maker::of(&engine);
    let readers = engine.parts.store.readers();
    let packer = &engine.parts.packer;
    let mut all = Known::of(Some(readers), packer, true).await.unwrap();
    let made = || reply(made(&maker, "get_user_followers", "user-9"));
    let first = made();
    assert!(!all.has(&first).await.unwrap());
    let group = Group {
        replies: vec![first.reply],
        is_last: false,
    };
    let source = archive.store.note_source("a.jsonl", "json", 1.0).await;
    let (source, mut importing) = (Some(source.unwrap()), Importing::default());
    let kept = keep(&engine, &archive, source, &group, &mut importing);
    kept.await.unwrap();
    erase(&engine);
    all.note_erasures();
    let again = made();
    assert_ne!(again.reply.cursor, group.replies[0].cursor);
    assert!(all.has(&again).await.unwrap());
    // The erasure comes to what was kept before.
    let tables = TextTable::all();
    let calls = tables.iter().find(|table| table.name == "calls").unwrap();
    let row = archive.store.text_rows(calls, None, 1).await.unwrap();
    let cursor = calls.columns.iter().position(|it| it.name == "cursor");
    let sealed = vec![(cursor.unwrap(), again.reply.cursor.clone())];
    let change = [(row[0].key.clone(), Change::Set(sealed))];
    archive
        .store
        .change_texts(calls, &change, 2.0)
        .await
        .unwrap();
    let mut all = Known::of(Some(readers), packer, true).await.unwrap();
    assert!(all.has(&again).await.unwrap());
    // Another reply to the same request.
    let mut other = made();
    other.reply.sha256 = vec![0; 32];
    other.body.push(b' ');
    other.stored = [0; 32];
    other.form = None;
    assert!(!all.has(&other).await.unwrap());
}
