//! The arguments of `soracrawl export`.

use std::path::PathBuf;

use super::media::Media;
use crate::clock::unix_seconds;
use crate::export::Licence;
use crate::store::read::{Nest, Network};

/// Arguments of `export`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    pub(super) what: What,
}

#[derive(Debug, clap::Subcommand)]
pub(super) enum What {
    #[command(flatten)]
    Rows(Formats),
    /// The files of videos under readable names, linked or copied, each with a JSON file beside it
    #[command(
        after_help = "Example: soracrawl export media --into videos --name '{date}_{username}_{post_id}'"
    )]
    Media(Media),
}

#[derive(Debug, clap::Subcommand)]
pub(super) enum Formats {
    /// Comma-separated values, a file for each table
    #[command(after_help = "Example: soracrawl export csv --into tables --licence none")]
    Csv(Csv),
    /// A JSON object for each row, a file for each table
    #[command(after_help = "Example: soracrawl export jsonl --into tables --licence CC-BY-4.0")]
    Jsonl(Jsonl),
    /// Parquet for DuckDB, Spark, pandas and R, a file for each table
    #[command(after_help = "Example: soracrawl export parquet --into tables --licence none")]
    Parquet(Tables),
    /// Parquet in a folder for each month; a later export to the same folder writes only what changed
    #[command(after_help = "Example: soracrawl export lake --into lake --licence none")]
    Lake(OfLake),
    /// The ids of users, posts and comments alone, for publication
    #[command(after_help = "Example: soracrawl export ids --into ids --licence CC0-1.0")]
    Ids(OfLake),
    /// A description of the archive for datasette
    #[command(after_help = "Example: soracrawl export datasette --into pages --licence none")]
    Datasette(Options),
    /// The kept replies as WARC records, for libraries and other tools; `soracrawl import` reads them too
    #[command(after_help = "Example: soracrawl export warc --into replies --licence none")]
    Warc(Options),
    /// The kept replies with their requests, a JSON object on each line; `soracrawl import` reads them too
    #[command(after_help = "Example: soracrawl export replies --into replies --licence none")]
    Replies(Options),
    /// A network of users for Gephi: GEXF 1.3
    #[command(
        after_help = "Example: soracrawl export gexf --network comments --into network --licence none"
    )]
    Gexf(Graph),
    /// A network of users for other tools: GraphML
    #[command(
        after_help = "Example: soracrawl export graphml --network mentions --into network --licence none"
    )]
    Graphml(Graph),
}

#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// Folder for the files: a new one, or an empty one
    #[arg(long, value_name = "DIR")]
    pub(super) into: PathBuf,
    /// Licence of the files: an SPDX identifier, a URL, or none
    #[arg(long, value_name = "LICENCE")]
    pub(super) licence: Licence,
    /// Only rows from this day or time on, in tables with a time
    #[arg(long, value_name = "DATE", value_parser = unix_seconds)]
    pub(super) since: Option<f64>,
    /// Name nobody: ids become keyed hashes, and texts lose names. The key is a file of `soracrawl new-key`
    #[arg(long, value_name = "KEYFILE")]
    pub(super) pseudonyms: Option<PathBuf>,
    /// With pseudonyms: times to the day, counts to two digits and at most 1,000,000
    #[arg(long, requires = "pseudonyms")]
    pub(super) coarse: bool,
    /// Read a temporary copy of the archive, so that the log of a running crawl does not grow meanwhile
    #[arg(long)]
    pub(super) via_copy: bool,
    /// Make the folder a BagIt bag, for an archive of research data
    #[arg(long)]
    pub(super) bagit: bool,
    /// Only rows before this day or time, in tables with a time
    #[arg(long, value_name = "DATE", value_parser = unix_seconds)]
    pub(super) until: Option<f64>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Csv {
    #[command(flatten)]
    pub(super) of: Tables,
    /// Write one file for another program: 4cat
    #[arg(long = "for", value_name = "PROGRAM", value_parser = ["4cat"], conflicts_with_all = ["tables", "excel", "stratify", "as_of"])]
    pub(super) program: Option<String>,
    /// Write for a spreadsheet: a byte order mark, CRLF, cells of 32,767 characters at most, and ' before a formula
    #[arg(long)]
    pub(super) excel: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct Jsonl {
    #[command(flatten)]
    pub(super) of: Tables,
    /// Put lists into the rows of posts and comments: attachments, cast
    #[arg(long, value_name = "LISTS", value_delimiter = ',', value_parser = nest, conflicts_with = "as_of")]
    pub(super) nest: Vec<Nest>,
}

fn nest(text: &str) -> Result<Nest, String> {
    let found = Nest::ALL.into_iter().find(|nest| nest.name() == text);
    found.ok_or_else(|| "expected attachments or cast".to_owned())
}

#[derive(Debug, clap::Args)]
pub(super) struct Chosen {
    /// Only these tables
    #[arg(long, value_name = "TABLES", value_delimiter = ',')]
    pub(super) tables: Vec<String>,
    /// Only rows that this seed brought into the archive: an id, a name, a search text, feed or leaderboard
    #[arg(long, value_name = "SEED")]
    pub(super) seed: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Tables {
    #[command(flatten)]
    pub(super) options: Options,
    #[command(flatten)]
    pub(super) chosen: Chosen,
    /// Only so many rows of each table, chosen at random
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) sample: Option<u32>,
    /// Rows and counts as they were known at this day or time, without follows that had ended
    #[arg(long, value_name = "TIME", value_parser = unix_seconds)]
    pub(super) as_of: Option<f64>,
    /// Take the sample from each value of this column
    #[arg(long, value_name = "COLUMN", requires = "sample")]
    pub(super) stratify: Option<String>,
    /// Number that decides which rows are chosen
    #[arg(long, value_name = "S", requires = "sample", default_value_t = 0)]
    pub(super) random_seed: u64,
}

#[derive(Debug, clap::Args)]
pub(super) struct OfLake {
    #[command(flatten)]
    pub(super) options: Options,
    #[command(flatten)]
    pub(super) chosen: Chosen,
}

#[derive(Debug, clap::Args)]
pub(super) struct Graph {
    #[command(flatten)]
    pub(super) options: Options,
    /// What connects users: comments, replies, mentions, remixes, reposts, appearances, follows, co-appearance or co-comment
    #[arg(long, value_name = "NETWORK", value_parser = network)]
    pub(super) network: Network,
    /// Interactions of an edge, at least
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) min_weight: u32,
    /// Other users with whom a user is connected, at least
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) min_degree: u32,
    /// Give edges the times of their first and last interaction (GEXF)
    #[arg(long)]
    pub(super) dynamic: bool,
}

fn network(text: &str) -> Result<Network, String> {
    let named = |network: &Network| network.name() == text;
    Network::ALL.into_iter().find(named).ok_or_else(|| {
        let names = Network::ALL.map(Network::name).join(", ");
        format!("expected one of {names}")
    })
}
