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
        eprintln!("error: cannot write to standard output: {error}");
        std::process::exit(1);
    }
}

/// `println!` that does not panic if standard output is closed.
macro_rules! outln {
    () => { $crate::cli::out::line(format_args!("")) };
    ($($text:tt)*) => { $crate::cli::out::line(format_args!($($text)*)) };
}

pub(crate) use outln;
