//! `soracrawl export`: writes files from one snapshot of the archive.

mod args;
mod key;
mod media;
mod shown;

use std::path::Path;

use super::place::check_place;
pub use args::Args;
use args::{Chosen, Formats, Graph, Tables, What};
use key::key;
use shown::Bar;

use super::out::outln;
use super::{Cli, Exit, Usage};
use crate::config::Config;
use crate::daemon::Signals;
use crate::export::{
    self, Content, Dialect, Export, Format, GraphFormat, Key, RawFormat, Rows, Sample,
};
use crate::store::read::{EXPORT_TABLES, ExportTable, FOUR_CAT, GraphOptions, Period, Selection};

pub(super) async fn run(cli: &Cli, args: &Args) -> anyhow::Result<Exit> {
    match &args.what {
        What::Rows(format) => export_rows(cli, format).await,
        What::Media(args) => media::run(cli, args).await,
    }
}

async fn export_rows(cli: &Cli, format: &Formats) -> anyhow::Result<Exit> {
    let config = cli.config()?;
    let options = match format {
        Formats::Csv(of) => &of.of.options,
        Formats::Jsonl(of) => &of.of.options,
        Formats::Parquet(of) => &of.options,
        Formats::Lake(of) | Formats::Ids(of) => &of.options,
        Formats::Datasette(options) | Formats::Warc(options) | Formats::Replies(options) => options,
        Formats::Gexf(of) | Formats::Graphml(of) => &of.options,
    };
    match format {
        Formats::Lake(_) if options.bagit => {
            return Err(Usage(
                "a lake changes, so it cannot be a bag. Leave out --bagit".to_owned(),
            )
            .into());
        }
        Formats::Jsonl(of) if options.pseudonyms.is_some() && !of.nest.is_empty() => {
            return Err(Usage(
                "lists in rows have ids. Leave out --nest or --pseudonyms".to_owned(),
            )
            .into());
        }
        Formats::Ids(_) | Formats::Datasette(_) if options.pseudonyms.is_some() => {
            return Err(Usage(
                "ids and datasette show the archive as it is. Leave out --pseudonyms".to_owned(),
            )
            .into());
        }
        Formats::Warc(_) | Formats::Replies(_) if options.pseudonyms.is_some() => {
            return Err(
                Usage("raw replies name everybody. Leave out --pseudonyms".to_owned()).into(),
            );
        }
        Formats::Csv(of) if of.program.is_some() && options.coarse => {
            return Err(Usage("4CAT needs exact times. Leave out --coarse".to_owned()).into());
        }
        Formats::Gexf(_) | Formats::Graphml(_) if options.coarse => {
            return Err(Usage("a network has exact numbers. Leave out --coarse".to_owned()).into());
        }
        _ => {}
    }
    check_place(&config, &options.into)?;
    let period = Period {
        since: options.since,
        until: options.until,
    };
    if let (Some(since), Some(until)) = (period.since, period.until)
        && since >= until
    {
        return Err(Usage("--since must be before --until".to_owned()).into());
    }
    let content = match format {
        Formats::Csv(of) => {
            let dialect = match of.excel {
                true => Dialect::Excel,
                false => Dialect::Plain,
            };
            let mut content = of_tables(Format::Csv(dialect), &of.of, period)?;
            if let (Some(_), Content::Tables { rows, .. }) = (&of.program, &mut content) {
                rows.tables = vec![FOUR_CAT];
            }
            content
        }
        Formats::Jsonl(of) => {
            let mut content = of_tables(Format::Jsonl, &of.of, period)?;
            if let Content::Tables { rows, .. } = &mut content {
                rows.nest.clone_from(&of.nest);
            }
            content
        }
        Formats::Parquet(of) => of_tables(Format::Parquet, of, period)?,
        Formats::Lake(of) => Content::Lake(rows(&of.chosen, period, None)?),
        Formats::Ids(of) => of_ids(&of.chosen, period)?,
        Formats::Datasette(_) => Content::Datasette,
        Formats::Warc(_) => of_raw(RawFormat::Warc, period, &config),
        Formats::Replies(_) => of_raw(RawFormat::Jsonl, period, &config),
        Formats::Gexf(of) => of_graph(GraphFormat::Gexf, of, period),
        Formats::Graphml(of) => of_graph(GraphFormat::Graphml, of, period),
    };
    let what = Export {
        content,
        licence: options.licence.clone(),
        pseudonyms: options.pseudonyms.as_deref().map(key).transpose()?,
        into: options.into.clone(),
        is_coarse: options.coarse,
        via_copy: options.via_copy,
        is_bag: options.bagit,
    };
    let mut bar = Bar::new();
    let mut signals = Signals::listen()?;
    let written = tokio::select! {
        written = export::export(&config.archive.path, &what, &mut bar) => written,
        name = signals.next() => {
            anyhow::bail!("stopped by {name}. Nothing was left behind");
        }
    };
    bar.clear();
    let written = written.map_err(|error| match error {
        export::Error::Folder { .. } | export::Error::Column { .. } | export::Error::Seed(_) => {
            anyhow::Error::from(Usage(error.to_string()))
        }
        other => other.into(),
    })?;
    shown::print(&what, &written);
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
    let mut rows = rows(&of.chosen, period, sample)?;
    rows.which.as_of = of.as_of;
    if of.as_of.is_some() {
        let without = rows.tables.iter().find(|table| !table.has_past());
        if let Some(table) = without.filter(|_| !of.chosen.tables.is_empty()) {
            let why = format!(
                "the table {} has no past. Leave it out, or leave out --as-of",
                table.name
            );
            return Err(Usage(why));
        }
        rows.tables.retain(ExportTable::has_past);
    }
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
    let seed = chosen
        .seed
        .as_deref()
        .map(|seed| seed.trim_start_matches('@'));
    if seed == Some("") {
        return Err(Usage("--seed names no seed".to_owned()));
    }
    Ok(Rows {
        tables: tables(&chosen.tables)?,
        which: Selection {
            period,
            seed: seed.map(str::to_owned),
            as_of: None,
        },
        sample,
        nest: Vec::new(),
    })
}

fn of_raw(format: RawFormat, period: Period, config: &Config) -> Content {
    Content::Raw {
        format,
        period,
        base_url: config.api.base_url.clone(),
    }
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

/// `soracrawl new-key`: writes a key for pseudonyms, or for a replay.
pub(super) fn new_key(file: &Path) -> anyhow::Result<Exit> {
    Key::create(file).map_err(|why| Usage(format!("{}: {why}", file.display())))?;
    outln!(
        "wrote {}. Keep it secret, and apart from the archive and from exports: a person who has it can tell whom a pseudonym\n\
         of --pseudonyms stands for. Without it nobody can, and no later export gets the same pseudonyms",
        file.display()
    );
    Ok(Exit::Done)
}
