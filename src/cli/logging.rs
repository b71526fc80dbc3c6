//! The log: text lines on a terminal, JSON lines elsewhere. Always on standard error.

use std::borrow::Cow;
use std::fmt::Debug;
use std::io::IsTerminal;

use indicatif::MultiProgress;
use tracing::field::Field;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::field::MakeExt;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::{FormatFields, Writer, debug_fn};

use super::table::plain;
use crate::api::escaped;
use crate::config::{Log, LogFormat};
use crate::daemon::SetLog;

/// Starts the log. Lines appear above the progress bars, if there are any.
///
/// Returns the function that changes its level.
///
/// # Errors
/// Returns an error if `log.level` is not a filter.
pub(super) fn start(log: &Log, bars: Option<&MultiProgress>) -> anyhow::Result<SetLog> {
    let filter = EnvFilter::try_new(&log.level)?;
    let is_terminal = std::io::stderr().is_terminal();
    let is_json = match log.format {
        LogFormat::Auto => !is_terminal,
        LogFormat::Text => false,
        LogFormat::Json => true,
    };
    let writer = Lines {
        bars: bars.cloned(),
        is_json,
    };
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        .with_target(false)
        // It would be printed to the same broken stream.
        .log_internal_errors(false);
    // A second start, as in a test, keeps the first log.
    if is_json {
        let builder = builder.json().flatten_event(true).with_filter_reloading();
        let handle = builder.reload_handle();
        let _ = builder.try_init();
        return Ok(Box::new(move |log| {
            let filter = EnvFilter::try_new(&log.level).map_err(|why| why.to_string())?;
            handle.reload(filter).map_err(|why| why.to_string())
        }));
    }
    let builder = builder
        .with_ansi(is_terminal && !is_plain())
        .fmt_fields(fields())
        .with_filter_reloading();
    let handle = builder.reload_handle();
    let _ = builder.try_init();
    Ok(Box::new(move |log| {
        let filter = EnvFilter::try_new(&log.level).map_err(|why| why.to_string())?;
        handle.reload(filter).map_err(|why| why.to_string())
    }))
}

/// Returns whether the terminal or its user wants no colours and no bars: `NO_COLOR` (no-color.org) or `TERM=dumb`.
pub(super) fn is_plain() -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    is_set("NO_COLOR") || is_dumb()
}

/// Returns whether the terminal cannot move its cursor.
pub(super) fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

/// Formats fields as `message name=value`. They may contain text of the remote, which must not control the terminal.
fn fields() -> impl for<'w> FormatFields<'w> + Send + Sync + 'static {
    debug_fn(
        |writer: &mut Writer<'_>, field: &Field, value: &dyn Debug| {
            let text = plain(&format!("{value:?}"));
            match field.name() {
                "message" => write!(writer, "{text}"),
                name => write!(writer, "{name}={text}"),
            }
        },
    )
    .delimited(" ")
}

/// A line as it is written. A JSON line may also be read on a terminal.
fn shown(line: &[u8], is_json: bool) -> Cow<'_, [u8]> {
    if is_json {
        escaped(&String::from_utf8_lossy(line)).into_bytes().into()
    } else {
        line.into()
    }
}

/// Writes whole lines to standard error without breaking the bars.
struct Lines {
    bars: Option<MultiProgress>,
    is_json: bool,
}

struct Line<'a> {
    bars: Option<&'a MultiProgress>,
    is_json: bool,
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line {
            bars: self.bars.as_ref(),
            is_json: self.is_json,
        }
    }
}

/// A run that spends money must not end because its log cannot be written: the disk is full, or its reader has ended.
impl std::io::Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let line = shown(bytes, self.is_json);
        let _ = match self.bars {
            Some(bars) => bars.suspend(|| std::io::stderr().write_all(&line)),
            None => std::io::stderr().write_all(&line),
        };
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    /// A log in memory.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn log_lines_contain_no_control_characters_of_the_remote() {
        let said = "gone: \u{1b}[2J\u{9b}31m\u{7f}\u{1b}]0;title\u{7}";
        for is_json in [false, true] {
            let kept = Kept::default();
            let writer = kept.clone();
            let builder = tracing_subscriber::fmt().with_writer(move || writer.clone());
            let subscriber: Box<dyn tracing::Subscriber + Send + Sync> = if is_json {
                Box::new(builder.json().flatten_event(true).finish())
            } else {
                Box::new(
                    builder
                        .with_ansi(false)
                        .fmt_fields(super::fields())
                        .finish(),
                )
            };
            tracing::subscriber::with_default(subscriber, || {
                tracing::warn!(note = said, reason = %said, debug = ?said, "a walk ended: {said}");
            });
            let bytes = kept.0.lock().unwrap().clone();
            let text = String::from_utf8(super::shown(&bytes, is_json).into_owned()).unwrap();
            let orders: Vec<char> = text
                .chars()
                .filter(|letter| letter.is_control() && *letter != '\n')
                .collect();
            assert_eq!(orders, [' '; 0], "{text:?}");
        }
    }
}
