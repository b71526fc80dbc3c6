//! Says what the archive has instead of what was asked for.

use super::app::App;
use super::chain::{choose, with_met};
use super::find::{Asked, find};
use crate::clock::minute;
use crate::store::Result;
use crate::store::read::{
    NestedBeginning, RemovedReply, removed_reply, replay_beginning, replay_calls_by_hand,
    replay_cursors, replay_imported_cursors, replay_job, replay_removed, replay_subjects,
};

/// Cursors that a refusal names.
const CURSORS: usize = 5;
/// Letters of a cursor that a refusal shows.
const LETTERS: usize = 200;

/// What can be served of one subject.
#[derive(Debug, Default, PartialEq)]
struct Pages {
    cursors: Vec<Option<String>>,
    /// Where the walk began, if not at the head.
    began_at: Option<NestedBeginning>,
}

/// Describes what can be served of the subject, or else of the endpoint.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub(super) async fn what_is_there(app: &App, asked: &Asked) -> Result<String> {
    let (readers, at) = (&app.readers, app.options.at);
    let parameters = asked.parameters.last().map_or("", String::as_str);
    let mut removed = replay_removed(readers, asked.wanted(), parameters, at).await?;
    // The page after the meeting of two passes was asked with another cursor.
    if removed.is_none()
        && let Some(call_id) = find(app, asked).await?
    {
        removed = removed_reply(readers, call_id).await?;
    }
    let pages = pages(app, asked).await?;
    let endpoint = asked.endpoint;
    let mut sentences = Vec::new();
    sentences.push(match &removed {
        Some(removed) => told(removed),
        None if pages.cursors.is_empty() => {
            format!("This archive has no page of this subject{}", when(at))
        }
        None => format!("This archive does not have this page{}", when(at)),
    });
    if pages.cursors.is_empty() {
        let subjects = replay_subjects(readers, endpoint, at).await?;
        let calls = replay_calls_by_hand(readers, endpoint, at).await?;
        let by_hand = match calls {
            0 => String::new(),
            calls => format!(" and the replies of {calls} calls by hand"),
        };
        sentences.push(format!(
            "Of {endpoint} it has the pages of {subjects} subjects{by_hand}"
        ));
    } else {
        sentences.push(list(endpoint, &pages.cursors, at));
        if let (None, None, Some(beginning)) = (&removed, &asked.cursor, &pages.began_at) {
            sentences.push(began(beginning));
        }
    }
    Ok(sentences.join(". "))
}

/// Says what the archive has of an endpoint that makes something.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub(super) async fn what_was_made(app: &App, endpoint: &str) -> Result<String> {
    let calls = replay_calls_by_hand(&app.readers, endpoint, app.options.at).await?;
    Ok(format!(
        "A replay only reads, and makes nothing. Of {endpoint} this archive has the replies of {calls} calls by hand{}",
        match calls {
            0 => "",
            _ => ": `soracrawl export replies` writes them",
        }
    ))
}

async fn pages(app: &App, asked: &Asked) -> Result<Pages> {
    let (readers, at) = (&app.readers, app.options.at);
    let mut pages = Pages::default();
    let job = replay_job(readers, asked.endpoint, &asked.subject).await?;
    if let Some(job) = job
        && let Some(chosen) = choose(&job.passes, at)
    {
        for (place, pass) in with_met(&job.passes, chosen).iter().enumerate() {
            let mut cursors = replay_cursors(readers, job.id, pass).await?;
            if place == 0 {
                pages.began_at = replay_beginning(readers, job.id, pass).await?;
            } else {
                // The head of an older pass is not served.
                cursors.retain(Option::is_some);
            }
            add(&mut pages.cursors, cursors);
        }
    }
    let imported = replay_imported_cursors(readers, asked.endpoint, &asked.subject, at).await?;
    add(&mut pages.cursors, imported);
    Ok(pages)
}

fn add(cursors: &mut Vec<Option<String>>, more: Vec<Option<String>>) {
    let known: std::collections::HashSet<Option<String>> = cursors.iter().cloned().collect();
    cursors.extend(more.into_iter().filter(|it| !known.contains(it)));
}

fn told(removed: &RemovedReply) -> String {
    let (id, at) = (removed.id, minute(removed.at));
    match removed.is_imported {
        true => {
            format!("This page was imported (call {id}, of {at}), and its raw reply was removed")
        }
        false => format!("This page was bought at {at} (call {id}), and its raw reply was removed"),
    }
}

fn began(at: &NestedBeginning) -> String {
    let inside = match (&at.endpoint, &at.subject) {
        (Some(endpoint), Some(subject)) => format!("the reply of {endpoint} about {subject}"),
        _ => "another reply".to_owned(),
    };
    let cursor = shown(Some(&at.cursor));
    format!(
        "The first page of this list was never asked for: its items came inside {inside}, and the walk began at the cursor {cursor}"
    )
}

fn list(endpoint: &str, cursors: &[Option<String>], at: Option<f64>) -> String {
    let named: Vec<String> = cursors
        .iter()
        .take(CURSORS)
        .map(|it| shown(it.as_deref()))
        .collect();
    let more = if cursors.len() > CURSORS { ", …" } else { "" };
    let (pages, when, named) = (cursors.len(), when(at), named.join(", "));
    format!("Of this subject, {endpoint} has {pages} pages{when}, with the cursors: {named}{more}")
}

fn when(at: Option<f64>) -> &'static str {
    match at {
        Some(_) => " that was known at --at",
        None => "",
    }
}

fn shown(cursor: Option<&str>) -> String {
    match cursor {
        None => "none (the first page)".to_owned(),
        Some(cursor) if cursor.chars().count() > LETTERS => {
            cursor.chars().take(LETTERS).chain(['…']).collect()
        }
        Some(cursor) => cursor.to_owned(),
    }
}
