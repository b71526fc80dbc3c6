//! `soracrawl drift`: shows how the shape of the replies changed.

use serde_json::{Value, json};

use super::out::outln;
use super::steps::Steps;
use super::table::{layout, plain, thousands};
use super::{Cli, Exit};
use crate::clock::day;
use crate::daemon::Signals;
use crate::replies::drift::{Drift, EndpointPaths, PathHistory, drift, mark};

/// Arguments of `drift`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Show only paths that are new, vanished or retyped
    #[arg(long)]
    changed: bool,

    /// Show only paths that no reader asks for
    #[arg(long)]
    unread: bool,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(cli: &Cli, args: &Args) -> anyhow::Result<Exit> {
    let mut signals = Signals::listen()?;
    let config = cli.config()?;
    let mut steps = Steps::new();
    let work = drift(&config.archive.path, |done, all| {
        steps.show("replies", done, all)
    });
    let found = tokio::select! {
        found = work => found?,
        name = signals.next() => anyhow::bail!("stopped by {name}"),
    };
    drop(steps);
    if args.json {
        let mut out = to_json(&found, args);
        out["archive"] = config.archive.path.display().to_string().into();
        super::out::json(&out)?;
    } else {
        print(&found, args);
    }
    Ok(Exit::Done)
}

/// The paths of an endpoint that are to be shown, by name.
fn shown<'p>(of: &'p EndpointPaths, args: &Args) -> Vec<(&'p str, &'p PathHistory)> {
    let mut paths: Vec<(&str, &PathHistory)> = of
        .paths
        .iter()
        .map(|(path, history)| (&**path, history))
        .collect();
    paths.retain(|(_, history)| {
        (!args.changed || mark(history, of.replies).is_some()) && (!args.unread || !history.is_read)
    });
    paths.sort_by_key(|(path, _)| *path);
    paths
}

fn to_json(found: &Drift, args: &Args) -> Value {
    let endpoints: Vec<Value> = found
        .endpoints
        .iter()
        .map(|(endpoint, of)| {
            let paths = shown(of, args).into_iter().map(|(path, history)| {
                json!({
                    "path": path,
                    "times": history.times,
                    "types": history.types.keys().collect::<Vec<_>>(),
                    "read": history.is_read,
                    "mark": mark(history, of.replies),
                    "first_call_id": history.first_call,
                    "first_at": history.first_at,
                    "last_call_id": history.last_call,
                    "last_at": history.last_at,
                    "example": history.example,
                })
            });
            json!({
                "endpoint": endpoint,
                "replies": of.replies,
                "unreadable": of.unreadable,
                "cut": of.cut,
                "paths": paths.collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({"lost": found.lost, "endpoints": endpoints})
}

fn print(found: &Drift, args: &Args) {
    let count = |number: u64| thousands(i64::try_from(number).unwrap_or(i64::MAX));
    let mut marked = 0;
    for (endpoint, of) in &found.endpoints {
        let paths = shown(of, args);
        marked += paths
            .iter()
            .filter(|(_, history)| mark(history, of.replies).is_some())
            .count();
        if paths.is_empty() {
            continue;
        }
        let rows: Vec<Vec<String>> = paths
            .into_iter()
            .map(|path| row(path, of.replies))
            .collect();
        outln!("{endpoint}: replies {}", count(of.replies));
        if of.unreadable > 0 {
            outln!("  no JSON: {}", count(of.unreadable));
        }
        if of.cut > 0 {
            outln!("  values whose path had no room: {}", count(of.cut));
        }
        let heads = [
            "path",
            ">times",
            "types",
            "read",
            "change",
            ">first call",
            "on",
            ">last call",
            "on",
            "example",
        ];
        outln!("{}\n", layout(&heads, &rows));
    }
    if found.lost > 0 {
        outln!(
            "replies that are removed or unreadable: {}",
            count(found.lost)
        );
    }
    outln!("paths that are new, vanished or retyped: {marked}");
}

fn row((path, history): (&str, &PathHistory), replies: u64) -> Vec<String> {
    let types: Vec<&str> = history.types.keys().map(|kind| kind.as_str()).collect();
    let change = mark(history, replies).map_or("", |mark| mark.as_str());
    vec![
        plain(path),
        thousands(i64::try_from(history.times).unwrap_or(i64::MAX)),
        types.join(", "),
        if history.is_read { "yes" } else { "no" }.to_owned(),
        change.to_owned(),
        history.first_call.to_string(),
        day(history.first_at),
        history.last_call.to_string(),
        day(history.last_at),
        plain(&history.example),
    ]
}
