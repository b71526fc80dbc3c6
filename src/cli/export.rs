//! `soracrawl export`: writes files from one snapshot of the archive.

use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};

use super::out::{errln, outln};
use super::table::{counted, layout, thousands};
use super::{Cli, Exit, Usage};
use crate::clock::unix_seconds;
use crate::daemon::Signals;
use crate::export::{
    self, Content, Dialect, Export, Exported, Format, GraphFormat, Key, Licence, Progress, Rows,
    Sample,
};
use crate::store::read::{EXPORT_TABLES, ExportTable, GraphOptions, Network, Period, Selection};

/// Arguments of `export`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    format: Formats,
}

#[derive(Debug, clap::Subcommand)]
enum Formats {
    /// Comma-separated values, a file for each table
    #[command(after_help = "Example: soracrawl export csv --into tables --licence none")]
    Csv(Csv),
    /// A JSON object for each row, a file for each table
    #[command(after_help = "Example: soracrawl export jsonl --into tables --licence CC-BY-4.0")]
    Jsonl(Tables),
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
struct Options {
    /// Folder for the files: a new one, or an empty one
    #[arg(long, value_name = "DIR")]
    into: PathBuf,
    /// Licence of the files: an SPDX identifier, a URL, or none
    #[arg(long, value_name = "LICENCE")]
    licence: Licence,
    /// Only rows from this day or time on, in tables with a time
    #[arg(long, value_name = "DATE", value_parser = unix_seconds)]
    since: Option<f64>,
    /// Name nobody: ids become keyed hashes, and texts lose names. The key is a file of `soracrawl new-key`
    #[arg(long, value_name = "KEYFILE")]
    pseudonyms: Option<PathBuf>,
    /// Read a temporary copy of the archive, so that the log of a running crawl does not grow meanwhile
    #[arg(long)]
    via_copy: bool,
    /// Make the folder a BagIt bag, for an archive of research data
    #[arg(long)]
    bagit: bool,
    /// Only rows before this day or time, in tables with a time
    #[arg(long, value_name = "DATE", value_parser = unix_seconds)]
    until: Option<f64>,
}

#[derive(Debug, clap::Args)]
struct Csv {
    #[command(flatten)]
    of: Tables,
    /// Write for a spreadsheet: a byte order mark, CRLF, cells of 32,767 characters at most, and ' before a formula
    #[arg(long)]
    excel: bool,
}

#[derive(Debug, clap::Args)]
struct Chosen {
    /// Only these tables
    #[arg(long, value_name = "TABLES", value_delimiter = ',')]
    tables: Vec<String>,
    /// Only rows that this seed brought into the archive: an id, a name, a search text, feed or leaderboard
    #[arg(long, value_name = "SEED")]
    seed: Option<String>,
}

#[derive(Debug, clap::Args)]
struct Tables {
    #[command(flatten)]
    options: Options,
    #[command(flatten)]
    chosen: Chosen,
    /// Only so many rows of each table, chosen at random
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    sample: Option<u32>,
    /// Take the sample from each value of this column
    #[arg(long, value_name = "COLUMN", requires = "sample")]
    stratify: Option<String>,
    /// Number that decides which rows are chosen
    #[arg(long, value_name = "S", requires = "sample", default_value_t = 0)]
    random_seed: u64,
}

#[derive(Debug, clap::Args)]
struct OfLake {
    #[command(flatten)]
    options: Options,
    #[command(flatten)]
    chosen: Chosen,
}

#[derive(Debug, clap::Args)]
struct Graph {
    #[command(flatten)]
    options: Options,
    /// What connects users: comments, replies, mentions, remixes, reposts, appearances, follows, co-appearance or co-comment
    #[arg(long, value_name = "NETWORK", value_parser = network)]
    network: Network,
    /// Interactions of an edge, at least
    #[arg(long, value_name = "N", default_value_t = 1)]
    min_weight: u32,
    /// Other users with whom a user is connected, at least
    #[arg(long, value_name = "N", default_value_t = 0)]
    min_degree: u32,
    /// Give edges the times of their first and last interaction (GEXF)
    #[arg(long)]
    dynamic: bool,
}

fn network(text: &str) -> Result<Network, String> {
    let named = |network: &Network| network.name() == text;
    Network::ALL.into_iter().find(named).ok_or_else(|| {
        let names = Network::ALL.map(Network::name).join(", ");
        format!("expected one of {names}")
    })
}

pub(super) async fn run(cli: &Cli, args: &Args) -> anyhow::Result<Exit> {
    let config = cli.config()?;
    let options = match &args.format {
        Formats::Csv(of) => &of.of.options,
        Formats::Jsonl(of) | Formats::Parquet(of) => &of.options,
        Formats::Lake(of) | Formats::Ids(of) => &of.options,
        Formats::Datasette(options) => options,
        Formats::Gexf(of) | Formats::Graphml(of) => &of.options,
    };
    match &args.format {
        Formats::Lake(_) if options.bagit => {
            return Err(Usage(
                "a lake changes, so it cannot be a bag. Leave out --bagit".to_owned(),
            )
            .into());
        }
        Formats::Ids(_) | Formats::Datasette(_) if options.pseudonyms.is_some() => {
            return Err(Usage(
                "ids and datasette show the archive as it is. Leave out --pseudonyms".to_owned(),
            )
            .into());
        }
        _ => {}
    }
    let period = Period {
        since: options.since,
        until: options.until,
    };
    if let (Some(since), Some(until)) = (period.since, period.until)
        && since >= until
    {
        return Err(Usage("--since must be before --until".to_owned()).into());
    }
    let content = match &args.format {
        Formats::Csv(of) => {
            let dialect = match of.excel {
                true => Dialect::Excel,
                false => Dialect::Plain,
            };
            of_tables(Format::Csv(dialect), &of.of, period)?
        }
        Formats::Jsonl(of) => of_tables(Format::Jsonl, of, period)?,
        Formats::Parquet(of) => of_tables(Format::Parquet, of, period)?,
        Formats::Lake(of) => Content::Lake(rows(&of.chosen, period, None)?),
        Formats::Ids(of) => of_ids(&of.chosen, period)?,
        Formats::Datasette(_) => Content::Datasette,
        Formats::Gexf(of) => of_graph(GraphFormat::Gexf, of, period),
        Formats::Graphml(of) => of_graph(GraphFormat::Graphml, of, period),
    };
    let what = Export {
        content,
        licence: options.licence.clone(),
        pseudonyms: options.pseudonyms.as_deref().map(key).transpose()?,
        into: options.into.clone(),
        via_copy: options.via_copy,
        is_bag: options.bagit,
    };
    let mut bar = Bar(ProgressBar::no_length());
    bar.0.set_style(
        ProgressStyle::with_template("{prefix:21} {wide_bar} {pos:>9}/{len:<9}")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    let mut signals = Signals::listen()?;
    let written = tokio::select! {
        written = export::export(&config.archive.path, &what, &mut bar) => written,
        name = signals.next() => {
            anyhow::bail!("stopped by {name}. Nothing was left behind");
        }
    };
    bar.0.finish_and_clear();
    let written = written.map_err(|error| match error {
        export::Error::Folder { .. } | export::Error::Column { .. } | export::Error::Seed(_) => {
            anyhow::Error::from(Usage(error.to_string()))
        }
        other => other.into(),
    })?;
    print(&what, &written);
    if matches!(what.content, Content::Datasette) {
        outln!(
            "datasette -i {} -m {} --setting suggest_facets off",
            config.archive.path.display(),
            what.into.join("metadata.json").display()
        );
    }
    Ok(Exit::Done)
}

fn of_tables(format: Format, of: &Tables, period: Period) -> Result<Content, Usage> {
    let sample = of.sample.map(|rows| Sample {
        rows: usize::try_from(rows).unwrap_or(usize::MAX),
        stratify: of.stratify.clone(),
        random_seed: of.random_seed,
    });
    let rows = rows(&of.chosen, period, sample)?;
    Ok(Content::Tables { format, rows })
}

fn of_ids(chosen: &Chosen, period: Period) -> Result<Content, Usage> {
    let kinds = ["users", "posts", "comments"];
    if let Some(other) = chosen
        .tables
        .iter()
        .find(|name| !kinds.contains(&name.as_str()))
    {
        let why =
            format!("there are no ids of {other:?}. There are those of users, posts and comments");
        return Err(Usage(why));
    }
    let mut rows = rows(chosen, period, None)?;
    rows.tables.retain(|table| kinds.contains(&table.name));
    Ok(Content::Tables {
        format: Format::Ids,
        rows,
    })
}

fn rows(chosen: &Chosen, period: Period, sample: Option<Sample>) -> Result<Rows, Usage> {
    let seed = chosen.seed.as_deref();
    Ok(Rows {
        tables: tables(&chosen.tables)?,
        which: Selection {
            period,
            seed: seed.map(|seed| seed.trim_start_matches('@').to_owned()),
        },
        sample,
    })
}

fn of_graph(format: GraphFormat, of: &Graph, period: Period) -> Content {
    Content::Graph(export::Graph {
        format,
        of: GraphOptions {
            network: of.network,
            period,
            min_weight: of.min_weight,
            min_degree: of.min_degree,
        },
        is_dynamic: of.dynamic,
    })
}

fn tables(names: &[String]) -> Result<Vec<ExportTable>, Usage> {
    if names.is_empty() {
        return Ok(EXPORT_TABLES.to_vec());
    }
    let mut tables: Vec<ExportTable> = Vec::new();
    for name in names {
        let table = export::table(name).map_err(Usage)?;
        if !tables.contains(&table) {
            tables.push(table);
        }
    }
    Ok(tables)
}

fn key(file: &Path) -> Result<Key, Usage> {
    Key::read(file).map_err(|why| Usage(format!("{}: {why}", file.display())))
}

/// `soracrawl new-key`: writes a key for pseudonyms.
pub(super) fn new_key(file: &Path) -> anyhow::Result<Exit> {
    Key::create(file).map_err(|why| Usage(format!("{}: {why}", file.display())))?;
    outln!(
        "wrote {}. Keep it apart from the archive and from exports: whoever has it can tell whom a pseudonym stands for.\n\
         Without it nobody can, and no later export gets the same pseudonyms",
        file.display()
    );
    Ok(Exit::Done)
}

fn print(what: &Export, written: &Exported) {
    let count = |number: u64| thousands(i64::try_from(number).unwrap_or(i64::MAX));
    let name = |table: &export::Written| match &table.files[..] {
        [file] => file.path.clone(),
        files => format!("{} ({} files)", table.name, files.len()),
    };
    let lines: Vec<Vec<String>> = written
        .tables
        .iter()
        .map(|table| vec![name(table), count(table.rows()), count(table.bytes())])
        .collect();
    outln!("{}", layout(&["file", ">rows", ">bytes"], &lines));
    let files: usize = written.tables.iter().map(|table| table.files.len()).sum();
    let files = u64::try_from(files).unwrap_or(u64::MAX);
    outln!(
        "{} and datapackage.json in {}; licence: {}. {}",
        counted(files, "file"),
        what.into.display(),
        what.licence,
        match what.pseudonyms {
            Some(_) => "Nobody is named",
            None => "The files contain personal data",
        }
    );
    if let Some(report) = &written.pseudonyms {
        let masked = &report["masked_in_texts"];
        outln!(
            "taken out of texts: {} names, {} ids, {} links, {} e-mail addresses, {} numbers; smallest group of users \
             alike: {}",
            masked["names"],
            masked["ids"],
            masked["links"],
            masked["e_mails"],
            masked["numbers"],
            report["smallest_group"]
        );
        outln!("{}", export::LIMITS);
    }
    if let Some(changed) = written.changed {
        outln!(
            "{} with {} bytes changed, {} removed",
            counted(changed.files, "file"),
            count(changed.bytes),
            count(changed.removed)
        );
    }
    if written.unread_replies > 0 {
        outln!(
            "mentions, entities and reposts lack {} of an earlier version; `soracrawl run` reads them without a call",
            counted(written.unread_replies, "kept page")
        );
    }
}

struct Bar(ProgressBar);

impl Progress for Bar {
    fn table(&mut self, name: &str, rows: u64) {
        self.0.set_prefix(name.to_owned());
        self.0.set_position(0);
        self.0.set_length(rows);
    }

    fn rows(&mut self, rows: u64) {
        self.0.inc(rows);
    }

    fn log_grew(&mut self, bytes: u64) {
        let text = format!(
            "warning: the log beside the archive has grown to {} MB, because a crawl writes while the export reads one \
             snapshot. It shrinks afterwards; --via-copy avoids it",
            bytes.div_ceil(1_000_000)
        );
        self.0.suspend(|| errln!("{text}"));
    }
}
