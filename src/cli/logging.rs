//! The log: lines for people on a terminal, JSON for machines elsewhere. Always on standard error.

use std::io::IsTerminal;

use indicatif::MultiProgress;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::config::{Log, LogFormat};

/// Starts the log. Lines are written above the progress bars, where there are any.
///
/// # Errors
/// Where `log.level` is not a filter.
pub(super) fn start(log: &Log, bars: Option<&MultiProgress>) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&log.level)?;
    let is_terminal = std::io::stderr().is_terminal();
    let writer = Lines {
        bars: bars.cloned(),
    };
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        .with_target(false);
    let is_json = match log.format {
        LogFormat::Auto => !is_terminal,
        LogFormat::Text => false,
        LogFormat::Json => true,
    };
    // A second start, as in a test, leaves the first one in place.
    let _ = if is_json {
        builder.json().flatten_event(true).try_init()
    } else {
        builder.with_ansi(is_terminal).try_init()
    };
    Ok(())
}

/// Writes whole lines to standard error without tearing the bars.
struct Lines {
    bars: Option<MultiProgress>,
}

struct Line<'a> {
    bars: Option<&'a MultiProgress>,
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line {
            bars: self.bars.as_ref(),
        }
    }
}

impl std::io::Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self.bars {
            Some(bars) => bars.suspend(|| std::io::stderr().write_all(bytes))?,
            None => std::io::stderr().write_all(bytes)?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stderr().flush()
    }
}
