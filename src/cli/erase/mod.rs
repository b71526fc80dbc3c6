//! `soracrawl erase`: removes people from everything the archive holds.

mod shown;
mod told;

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use super::out::{errln, outln};
use super::table::{counted, plain, thousands};
use super::{Cli, Exit, Usage};
use crate::clock::{Clock, minute, unix_seconds};
use crate::config::Config;
use crate::daemon::{self, seed_file};
use crate::erase::{self, Erasing, KeyFile};
use crate::model::seed::Kind;
use crate::store::Store;
use shown::{Shown, count, count_of_replies, print_done, print_plan};
use told::{Alone, Told};

/// Arguments of `erase`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// File with one user id or @name in each line, or CSV with a header; - is standard input
    #[arg(long, value_name = "FILE", required_unless_present_any = ["again", "finish", "raw_before"])]
    users: Option<PathBuf>,

    /// Erase the people of the key file from a restored copy of the archive
    #[arg(long, conflicts_with_all = ["users", "finish"])]
    again: bool,

    /// Complete an erasure that a daemon or the death of a process kept from its end
    #[arg(long, conflicts_with = "users")]
    finish: bool,

    /// Remove the raw replies that were kept before this date (UTC), or time with offset. Their rows stay
    #[arg(long, value_name = "DATE", conflicts_with_all = ["users", "again", "finish"], value_parser = unix_seconds)]
    raw_before: Option<f64>,

    /// Count what would be erased, and change nothing
    #[arg(long)]
    dry_run: bool,

    /// Erase without asking for confirmation
    #[arg(long)]
    yes: bool,
}

pub(super) async fn run(cli: &Cli, args: &Args) -> anyhow::Result<Exit> {
    let config = cli.config()?;
    let path = &config.archive.path;
    // Opening for writing would create a missing archive.
    Store::open_readers(path).await?.close().await;
    let clock = Clock::real();
    let who = format!(
        "soracrawl erase (process {}, since {})",
        std::process::id(),
        minute(clock.now())
    );
    let turn = match args.dry_run {
        true => None,
        false => Some(erase::Turn::take(path).map_err(|why| anyhow::anyhow!(why))?),
    };
    // With the lock, no daemon starts meanwhile. Without it, one runs and is told.
    let alone = Alone::of(path, who)?;
    let store = cli.open(&config).await?;
    let ended = erase(args, &config, &store, &clock, &alone).await;
    store.close().await?;
    drop((alone, turn));
    ended
}

async fn erase(
    args: &Args,
    config: &Config,
    store: &Store,
    clock: &Clock,
    alone: &Alone,
) -> anyhow::Result<Exit> {
    if let Some(before) = args.raw_before {
        return forget(args, store, clock, before).await;
    }
    let failed = |why: String| anyhow::anyhow!(why);
    let key = KeyFile::read(store.path()).map_err(failed)?;
    let mut user_ids = match wanted(args, store, key.as_ref()).await? {
        Ok(user_ids) => user_ids,
        Err(exit) => return Ok(exit),
    };
    let is_restored = match &key {
        Some(key) => erase::is_restored(store, key).await.map_err(failed)?,
        None => false,
    };
    if let Some(key) = key.as_ref().filter(|_| is_restored) {
        let more = erase::again(store, key).await.map_err(failed)?;
        user_ids.extend(more);
        user_ids.sort();
        user_ids.dedup();
    }
    let is_open = store.erasures().await?.iter().any(|(_, done)| !done);
    if user_ids.is_empty() && (!is_open && !is_restored || args.dry_run) {
        outln!("nobody is to be erased");
        return Ok(Exit::Done);
    }
    if !user_ids.is_empty() && (args.dry_run || !args.yes) {
        let planned = erase::plan(store, &user_ids, |_, _| {})
            .await
            .map_err(failed)?;
        print_plan(&planned);
        if args.dry_run {
            return Ok(Exit::Done);
        }
        let question = format!(
            "Erase {} from {}?",
            counted(planned.people as u64, "user"),
            config.archive.path.display()
        );
        if !confirmed(&question)? {
            return Ok(Exit::Usage);
        }
    }
    let key = KeyFile::read_or_create(store.path()).map_err(failed)?;
    let mut shown = Shown::default();
    let erasing = Erasing {
        store,
        clock,
        key,
        folder: daemon::media_folder(config),
        is_restored,
        daemon: Told {
            store,
            clock,
            config,
            alone,
        },
        report: |progress| shown.step(progress),
    };
    let done = erasing.erase(&user_ids).await.map_err(failed)?;
    print_done(store.path(), &done);
    Ok(if done.is_waiting {
        Exit::GaveUp
    } else {
        Exit::Done
    })
}

/// Removes old raw replies.
async fn forget(args: &Args, store: &Store, clock: &Clock, before: f64) -> anyhow::Result<Exit> {
    let replies = store.replies_before(before).await?;
    if args.dry_run || replies == 0 {
        outln!("{} before {}", count_of_replies(replies), minute(before));
        return Ok(Exit::Done);
    }
    let question = format!("Remove {} before {}?", thousands(replies), minute(before));
    if !args.yes && !confirmed(&question)? {
        return Ok(Exit::Usage);
    }
    let removed = daemon::forget_before(store, before, clock.now(), |done| {
        errln!("raw replies {} of {}", count(done), thousands(replies));
    });
    let removed = removed.await?;
    store.empty_log().await?;
    outln!("{} removed; their rows stay", count_of_replies(removed));
    Ok(Exit::Done)
}

/// Returns the users to erase, or how the command ends.
async fn wanted(
    args: &Args,
    store: &Store,
    key: Option<&KeyFile>,
) -> anyhow::Result<Result<Vec<String>, Exit>> {
    if args.finish {
        return Ok(Ok(Vec::new()));
    }
    if args.again {
        let Some(key) = key else {
            return Err(Usage(format!(
                "there is no key file {}",
                erase::path_of(store.path()).display()
            ))
            .into());
        };
        return Ok(Ok(erase::again(store, key)
            .await
            .map_err(|why| anyhow::anyhow!(why))?));
    }
    let file = args.users.as_deref().unwrap_or(Path::new("-"));
    let named = |why: String| Usage(format!("{}: {why}", file.display()));
    let bytes = super::seed::bytes_of(file)?;
    let (lines, bad) = seed_file::read_numbered(Kind::Users, &bytes).map_err(named)?;
    let key = key.map(|file| &file.key);
    let resolved = erase::resolve(store, key, &lines).await;
    let (people, unresolved) = resolved.map_err(|why| anyhow::anyhow!(why))?;
    let mut wrong: Vec<(u64, String)> = bad.into_iter().map(|bad| (bad.line, bad.why)).collect();
    wrong.extend(unresolved.into_iter().map(|it| (it.line, it.why)));
    wrong.sort();
    for (line, why) in &wrong {
        errln!("error: {} line {line}: {}", file.display(), plain(why));
    }
    if !wrong.is_empty() {
        errln!("error: nobody is erased. Correct these lines, or leave them out");
        return Ok(Err(Exit::Usage));
    }
    if people.erased > 0 {
        outln!("{} erased before", counted(people.erased, "user"));
    }
    Ok(Ok(people.user_ids))
}

fn confirmed(question: &str) -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        errln!("error: nothing is erased without confirmation. Add --yes");
        return Ok(false);
    }
    std::io::stderr().write_all(format!("{question} It cannot be undone. [y/N] ").as_bytes())?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}
