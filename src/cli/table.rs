//! Plain text tables: columns as wide as their content, numbers aligned right.

use crate::model::is_control;
pub(super) use crate::report::words::thousands;

/// Lays out rows under their heads. A column whose head begins with `>` is aligned right.
pub(super) fn layout(heads: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = heads
        .iter()
        .map(|head| head.trim_start_matches('>').chars().count())
        .collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: Vec<&str>| {
        let mut text = String::new();
        for ((cell, width), head) in cells.iter().zip(&widths).zip(heads) {
            let gap = " ".repeat(width - cell.chars().count());
            if head.starts_with('>') {
                text.push_str(&gap);
                text.push_str(cell);
            } else {
                text.push_str(cell);
                text.push_str(&gap);
            }
            text.push_str("  ");
        }
        text.trim_end().to_owned()
    };
    let mut lines = vec![line(
        heads
            .iter()
            .map(|head| head.trim_start_matches('>'))
            .collect(),
    )];
    lines.extend(
        rows.iter()
            .map(|row| line(row.iter().map(String::as_str).collect())),
    );
    lines.join("\n")
}

/// Formats a count with its noun: `1 job`, `2 jobs`.
pub(super) fn counted(number: impl TryInto<i64>, noun: &str) -> String {
    let number = number.try_into().unwrap_or(i64::MAX);
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", thousands(number))
}

/// Formats a number with its noun and verb: `1 item is`, `2 items are`.
pub(super) fn counted_are(number: usize, noun: &str) -> String {
    let verb = if number == 1 { "is" } else { "are" };
    format!("{} {verb}", counted(number, noun))
}

/// Formats a text of the remote for a terminal. Control characters become spaces, also those that turn the direction or are
/// not seen, so that the remote cannot control the terminal, and no name looks like another one.
pub(super) fn plain(text: &str) -> String {
    let shown = |letter| if is_control(letter) { ' ' } else { letter };
    text.chars().map(shown).collect()
}

/// Formats several lines like [`plain`].
pub(super) fn plain_lines(text: &str) -> String {
    text.split('\n').map(plain).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::{layout, plain};

    #[test]
    fn columns_line_up_and_numbers_are_aligned_right() {
        let rows = vec![
            vec!["a".to_owned(), "1,000".to_owned()],
            vec!["long".to_owned(), "7".to_owned()],
        ];
        assert_eq!(
            layout(&["name", ">n"], &rows),
            "name      n\na     1,000\nlong      7"
        );
    }

    #[test]
    fn a_count_agrees_with_its_noun() {
        let counts = [0, 1, 2, 1_000].map(|number: i64| super::counted(number, "job"));
        assert_eq!(counts, ["0 jobs", "1 job", "2 jobs", "1,000 jobs"]);
    }

    #[test]
    fn an_escape_sequence_loses_its_control_characters() {
        assert_eq!(plain("a\u{1b}[2Jb\nc"), "a [2Jb c");
        assert_eq!(super::plain_lines("a\u{9b}2Jb\n\rc"), "a 2Jb\n c");
        for letter in
            "\u{61c}\u{200f}\u{2028}\u{202e}\u{2066}\u{200b}\u{2060}\u{feff}\u{ad}\u{180e}\u{e0041}"
                .chars()
        {
            assert_eq!(plain(&format!("a{letter}b")), "a b", "{letter:?}");
        }
    }
}
