//! `soracrawl media verify`: compares all files with the archive.

use crate::cli::Exit;
use crate::cli::out::{errln, outln};
use crate::cli::table::{counted, plain};
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

pub(super) async fn verify(config: &Config, json: bool) -> anyhow::Result<Exit> {
    let checked = check(config).await?;
    match (&checked, json) {
        (Ok(checked), true) => {
            let mut shown = serde_json::to_value(checked)?;
            shown["sound"] = checked.is_sound().into();
            outln!("{shown:#}");
        }
        _ => print(&checked),
    }
    Ok(exit_of(&checked))
}
