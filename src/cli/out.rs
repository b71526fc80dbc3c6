//! Standard output that may be closed early, as by `| head`: that ends the command, quietly.

use std::fmt::Arguments;
use std::io::{ErrorKind, Write};

/// Writes the text and a line end.
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

/// `println!` that does not panic where nobody reads on.
macro_rules! outln {
    () => { $crate::cli::out::line(format_args!("")) };
    ($($text:tt)*) => { $crate::cli::out::line(format_args!($($text)*)) };
}

pub(crate) use outln;
