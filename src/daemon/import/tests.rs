use std::collections::HashSet;
use std::sync::Arc;

use tempfile::TempDir;
use tokio::sync::mpsc;

use super::found::{FoundReply, Read, Rooms, Why};
use super::group::gather;
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
use crate::replies::import::Recognised;
use crate::store::RunKind;

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
    let reply = Recognised {
        entry: endpoints::find(endpoint).unwrap(),
        subject: subject.to_owned(),
        cursor: Some(format!("at {ID}")),
        part: String::new(),
        body: body.into_bytes(),
    };
    let about = About {
        at: 1.7e9,
        status: Some(200),
        request_id: Some(ID),
        is_redacted: false,
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
