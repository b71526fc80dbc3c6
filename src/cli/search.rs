//! `soracrawl search` and `soracrawl index`: texts in the archive.

use indicatif::ProgressBar;

use super::out::{self, outln};
use super::table::{counted, layout, plain, thousands};
use super::{Cli, Exit, Usage};
use crate::store::Store;
use crate::store::archive::{INDEXED, Indexed};
use crate::store::read::{self, Snapshot};

/// Characters of a text in a line.
const WIDTH: usize = 60;

/// Arguments of `search`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Text to find, in upper or lower case
    text: String,

    /// Where to search: posts, comments, users
    #[arg(long = "in", value_name = "TABLES", value_delimiter = ',', value_parser = table, default_value = "posts,comments,users")]
    within: Vec<Indexed>,

    /// Maximum number of texts to list, the newest first
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: u32,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn table(name: &str) -> Result<Indexed, String> {
    read::indexed(name).ok_or_else(|| "expected posts, comments or users".to_owned())
}

pub(super) async fn run(cli: &Cli, args: &Args) -> anyhow::Result<Exit> {
    let config = cli.config()?;
    if args.text.is_empty() {
        return Err(Usage("there is no text to find".to_owned()).into());
    }
    let mut snapshot = Snapshot::open_current(&config.archive.path).await?;
    let hits = snapshot
        .search(&args.text, &args.within, args.limit)
        .await?;
    snapshot.close().await;
    if args.json {
        out::json(&hits)?;
        return Ok(Exit::Done);
    }
    let rows: Vec<Vec<String>> = hits
        .hits
        .iter()
        .map(|hit| {
            vec![
                hit.kind.clone(),
                hit.id.clone(),
                plain(hit.author.as_deref().unwrap_or_default()),
                hit.at.and_then(day).unwrap_or_default(),
                around(&plain(&hit.text), &args.text),
            ]
        })
        .collect();
    if !rows.is_empty() {
        outln!(
            "{}",
            layout(&["kind", "id", "author", "day", "text"], &rows)
        );
    }
    outln!("{} of {} found", rows.len(), thousands(hits.found));
    if !hits.has_index {
        outln!("every row was read, because there is no index: `soracrawl index` makes one");
    }
    Ok(Exit::Done)
}

fn day(seconds: f64) -> Option<String> {
    let time =
        jiff::Timestamp::from_duration(jiff::SignedDuration::try_from_secs_f64(seconds).ok()?);
    Some(time.ok()?.strftime("%Y-%m-%d").to_string())
}

/// The part of a text around the first place of another.
fn around(text: &str, found: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    if letters.len() <= WIDTH {
        return text.to_owned();
    }
    let at = text.to_lowercase().find(&found.to_lowercase()).unwrap_or(0);
    let before = text
        .char_indices()
        .take_while(|(place, _)| *place < at)
        .count();
    let start = before.saturating_sub(WIDTH / 3).min(letters.len() - WIDTH);
    let part: String = letters[start..start + WIDTH].iter().collect();
    let (left, right) = (start > 0, start + WIDTH < letters.len());
    format!(
        "{}{part}{}",
        if left { "…" } else { "" },
        if right { "…" } else { "" }
    )
}

/// `soracrawl index`: makes the full-text index, or completes it.
pub(super) async fn index(cli: &Cli) -> anyhow::Result<Exit> {
    let config = cli.config()?;
    // A mistyped path must not become a new archive.
    Snapshot::open_current(&config.archive.path)
        .await?
        .close()
        .await;
    let store = Store::open(&config.archive.path).await?;
    let bar = ProgressBar::no_length();
    let rows = store.index_texts(|rows| bar.inc(rows)).await?;
    bar.finish_and_clear();
    store.close().await?;
    let names = INDEXED.map(|indexed| indexed.index).join(", ");
    outln!(
        "{} indexed in {names}. The index stays current from now on, and `soracrawl search` uses it",
        counted(rows, "row")
    );
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::{WIDTH, around};

    #[test]
    fn a_long_text_is_cut_around_what_was_found() {
        assert_eq!(around("short", "or"), "short");
        let long = format!("{}Needle{}", "ä".repeat(100), "z".repeat(100));
        let cut = around(&long, "needle");
        assert!(cut.starts_with("…ä") && cut.ends_with("z…") && cut.contains("Needle"));
        assert_eq!(cut.chars().count(), WIDTH + 2);
        let start = around(&long, "nothing");
        assert!(start.starts_with('ä') && start.ends_with('…'));
    }
}
