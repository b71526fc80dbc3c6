//! Standard output. If a reader such as `head` closes it, the command ends without a message.

use std::fmt::Arguments;
use std::io::{ErrorKind, Write};

use crate::api::escaped;
use crate::model::is_control;

/// Returns a text as it may stand on a terminal. A text of the remote is formatted with `plain` before; this is for what was
/// overlooked.
fn shown(text: Arguments<'_>) -> String {
    let shown = |letter| match letter {
        '\n' | '\t' => letter,
        _ if is_control(letter) => ' ',
        _ => letter,
    };
    text.to_string().chars().map(shown).collect()
}

/// Writes a text and a line end.
pub(crate) fn line(text: Arguments<'_>) {
    write(&(shown(text) + "\n"));
}

/// Writes JSON over several lines. It may be read on a terminal, so control characters are escaped.
pub(crate) fn json(value: &impl serde::Serialize) -> serde_json::Result<()> {
    let text = serde_json::to_string_pretty(value)?;
    write(&(escaped(&text) + "\n"));
    Ok(())
}

/// Clears the screen of the terminal.
pub(crate) fn clear() {
    write("\x1b[H\x1b[J\n");
}

fn write(text: &str) {
    let mut out = std::io::stdout().lock();
    if let Err(error) = out.write_all(text.as_bytes()) {
        if error.kind() == ErrorKind::BrokenPipe {
            std::process::exit(0);
        }
        error_line(format_args!(
            "error: cannot write to standard output: {error}"
        ));
        std::process::exit(1);
    }
}

/// Writes a text and a line end to standard error. A reader that has ended is no reason to end a command.
pub(crate) fn error_line(text: Arguments<'_>) {
    let mut out = std::io::stderr().lock();
    let _ = out.write_all((shown(text) + "\n").as_bytes());
}

/// `eprintln!` that does not panic if standard error is closed.
macro_rules! errln {
    ($($text:tt)*) => { $crate::cli::out::error_line(format_args!($($text)*)) };
}

/// `println!` that does not panic if standard output is closed.
macro_rules! outln {
    () => { $crate::cli::out::line(format_args!("")) };
    ($($text:tt)*) => { $crate::cli::out::line(format_args!($($text)*)) };
}

pub(crate) use {errln, outln};

#[cfg(test)]
mod tests {
    use super::shown;

    /// Control characters, and those that turn the direction, end a line, or are not seen.
    const ORDERS: &str = "\u{1b}\u{9b}\u{7f}\r\u{61c}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}\u{200b}\u{200c}\u{200d}\u{2060}\u{2064}\u{feff}\u{ad}\u{180e}\u{e0041}";

    #[test]
    fn no_line_controls_the_terminal_or_turns_its_text() {
        let said = format!("a{ORDERS}b\n\tc");
        let blank = " ".repeat(ORDERS.chars().count());
        assert_eq!(shown(format_args!("{said}")), format!("a{blank}b\n\tc"));
    }
}
