//! How far a long command is: a bar with the time that is left on a terminal, otherwise a line for each step.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

use super::out::errln;
use super::table::thousands;

/// Shows steps on standard error.
pub(super) struct Steps {
    bar: Option<ProgressBar>,
    last: Option<(&'static str, u64)>,
}

impl Steps {
    pub(super) fn new() -> Self {
        Self {
            bar: std::io::stderr().is_terminal().then(ProgressBar::no_length),
            last: None,
        }
    }

    /// Shows that `done` of `all` parts of a step are done. A step that cannot be counted has one part.
    pub(super) fn show(&mut self, step: &'static str, done: u64, all: u64) {
        let is_new = self.last.is_none_or(|(last, _)| last != step);
        match &self.bar {
            Some(bar) if is_new => {
                let template = match all {
                    1 => "{spinner} {msg} {elapsed}",
                    _ => "{msg} {wide_bar} {pos}/{len} {per_sec:>12} {eta:>4} left",
                };
                let style = ProgressStyle::with_template(template);
                bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
                bar.set_message(step);
                bar.reset();
                bar.set_length(all);
                bar.set_position(done);
                bar.enable_steady_tick(std::time::Duration::from_millis(100));
            }
            Some(bar) => bar.set_position(done),
            None if is_new && all == 1 => errln!("{step}"),
            None if is_due(is_new, self.last.map_or(0, |it| it.1), done, all) => {
                let count = |number| thousands(i64::try_from(number).unwrap_or(i64::MAX));
                errln!("{step} {} of {}", count(done), count(all));
            }
            None => return,
        }
        self.last = Some((step, done));
    }
}

/// Whether a log gets a line: no more than eleven for a step.
const fn is_due(is_new: bool, shown: u64, done: u64, all: u64) -> bool {
    is_new || all > 1 && done > shown && (done == all || done - shown >= all / 10)
}

impl Drop for Steps {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_due;

    #[test]
    fn a_log_gets_few_lines_however_often_a_step_is_shown() {
        for all in [1, 2, 7, 100, 12_345] {
            let (mut shown, mut lines) = (0, 0);
            for done in (0..=all).flat_map(|done| [done; 5]) {
                if is_due(false, shown, done, all) {
                    (shown, lines) = (done, lines + 1);
                }
            }
            assert!(lines <= 12, "{lines} lines for {all}");
            assert_eq!(shown, if all == 1 { 0 } else { all });
        }
        assert!(is_due(true, 0, 0, 1));
    }
}
