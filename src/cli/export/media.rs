//! `soracrawl export media`: files of videos under readable names.

use std::path::PathBuf;

use super::key::key;
use crate::cli::out::{errln, outln};
use crate::cli::place::check_place;
use crate::cli::table::counted;
use crate::cli::{Cli, Exit, Usage};
use crate::daemon;
use crate::export::{self, MediaExport, Template, export_media};
use crate::store::Store;

/// Arguments of `export media`.
#[derive(Debug, clap::Args)]
pub struct Media {
    /// Folder for the files: a new one, or an empty one
    #[arg(long, value_name = "DIR")]
    into: PathBuf,

    /// Name of each file, with {username}, {user_id}, {post_id}, {comment_id}, {attachment_id}, {rendition}, {date} or {sha256}
    #[arg(long, value_name = "TEMPLATE", default_value = "{username}_{post_id}_{rendition}", value_parser = Template::parse)]
    name: Template,

    /// Name nobody: ids and names become keyed hashes. The files themselves may still show people. The key is a file of
    /// `soracrawl new-key`
    #[arg(long, value_name = "KEYFILE")]
    pseudonyms: Option<PathBuf>,
}

pub(super) async fn run(cli: &Cli, args: &Media) -> anyhow::Result<Exit> {
    let config = cli.config()?;
    check_place(&config, &args.into)?;
    let pseudonyms = args.pseudonyms.as_deref().map(key).transpose()?;
    let what = MediaExport {
        into: &args.into,
        template: &args.name,
        pseudonyms: pseudonyms.as_ref(),
    };
    let readers = Store::open_current_readers(&config.archive.path).await?;
    let folder = daemon::media_folder(&config);
    let done = export_media(&readers, &what, |hash, extension| {
        folder.stored(hash, extension)
    })
    .await;
    readers.close().await;
    let done = done.map_err(|error| match error {
        export::Error::Folder { .. } => anyhow::Error::from(Usage(error.to_string())),
        other => other.into(),
    })?;
    outln!(
        "{} linked and {} copied to {}, each with a JSON file beside it",
        counted(done.linked, "file"),
        counted(done.copied, "file"),
        args.into.display()
    );
    if done.missing > 0 {
        errln!(
            "error: {} missing. See `soracrawl media verify`",
            counted(done.missing, "stored file")
        );
        return Ok(Exit::GaveUp);
    }
    Ok(Exit::Done)
}
