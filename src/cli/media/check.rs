//! `soracrawl media verify`: compares all files with the archive, and marks what is missing or changed as wanted again.

use anyhow::Context;

use crate::cli::out::{errln, outln};
use crate::cli::table::{counted, plain};
use crate::cli::{Cli, Exit, Usage};
use crate::config::Config;
use crate::daemon;
use crate::media::{self, Checked};
use crate::store::Store;

/// Compares the files of an archive with their rows. The inner error says why they cannot be compared.
pub(in crate::cli) async fn check(config: &Config) -> anyhow::Result<Result<Checked, String>> {
    let readers = Store::open_current_readers(&config.archive.path).await?;
    let checked = media::check(&readers, &daemon::media_folder(config), |_| {}).await;
    readers.close().await;
    Ok(checked)
}

/// Returns the exit code of a comparison.
pub(in crate::cli) fn exit_of(checked: &Result<Checked, String>) -> Exit {
    match checked {
        Ok(checked) if checked.is_sound() => Exit::Done,
        Ok(_) => Exit::Failed,
        Err(_) => Exit::Unchecked,
    }
}

/// Prints a comparison.
pub(in crate::cli) fn print(checked: &Result<Checked, String>) {
    let checked = match checked {
        Ok(checked) => checked,
        Err(why) => {
            errln!("error: {}", plain(why));
            return;
        }
    };
    let named = [
        ("missing", &checked.missing),
        ("changed", &checked.changed),
        ("unknown", &checked.unknown),
    ];
    for (what, files) in named {
        for file in files {
            outln!("{what}  {}", plain(file));
        }
    }
    outln!(
        "{}, {}: {}",
        counted(checked.files, "file"),
        counted(checked.bytes, "byte"),
        match checked.is_sound() {
            true => "all as their rows say",
            false => "NOT all as their rows say",
        }
    );
}

/// Says what to do about files that are missing or changed.
pub(in crate::cli) fn hint(checked: &Result<Checked, String>) {
    if checked.as_ref().is_ok_and(|it| !it.damaged.is_empty()) {
        errln!(
            "to fetch what is missing or changed again: `soracrawl media verify --requeue`, then `soracrawl media fetch`"
        );
    }
}

pub(super) async fn verify(config: &Config, json: bool) -> anyhow::Result<Exit> {
    let checked = check(config).await?;
    show(&checked, None, json)?;
    hint(&checked);
    Ok(exit_of(&checked))
}

/// Compares the files and marks those that are missing or changed as wanted. No other process fetches meanwhile.
pub(super) async fn requeue(cli: &Cli, config: &Config, json: bool) -> anyhow::Result<Exit> {
    // Opening for writing would create a missing archive.
    Store::open_readers(&config.archive.path)
        .await?
        .close()
        .await;
    let folder = daemon::media_folder(config);
    let seen = folder.path().display();
    if !folder.is_there() {
        return Err(Usage(format!(
            "no files were fetched into {seen}: is it the folder of this archive, and is its disk mounted? If its files are lost, \
             run `soracrawl media fetch` first, which makes a new folder"
        ))
        .into());
    }
    let turn = folder
        .take()
        .with_context(|| format!("{seen} cannot be used"))?;
    let checked = check(config).await?;
    let mut again = 0;
    if let Ok(checked) = &checked {
        let store = cli.open(config).await?;
        again = store.requeue_media(&checked.damaged).await?;
        store.close().await?;
    }
    drop(turn);
    show(&checked, Some(again), json)?;
    Ok(exit_of(&checked))
}

/// Prints a comparison and how many files are wanted again.
fn show(checked: &Result<Checked, String>, again: Option<u64>, json: bool) -> anyhow::Result<()> {
    if let (Ok(checked), true) = (checked, json) {
        let mut shown = serde_json::to_value(checked)?;
        shown["sound"] = checked.is_sound().into();
        if let Some(again) = again {
            shown["requeued"] = again.into();
        }
        outln!("{shown:#}");
        return Ok(());
    }
    print(checked);
    if let Some(again) = again.filter(|again| *again > 0) {
        outln!(
            "{} wanted again: `soracrawl media fetch` fetches them",
            counted(again, "file")
        );
    }
    Ok(())
}
