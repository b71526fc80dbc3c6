//! Standard output. If a reader such as `head` closes it, the command ends without a message.

use std::fmt::Arguments;
use std::io::{ErrorKind, Write};

/// Writes a text and a line end.
pub(crate) fn line(text: Arguments<'_>) {
    let mut out = std::io::stdout().lock();
    if let Err(error) = out.write_fmt(text).and_then(|()| out.write_all(b"\n")) {
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
    let _ = out.write_fmt(text).and_then(|()| out.write_all(b"\n"));
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
