//! Draws a terminal with the transcript of the demo as an SVG picture.

use std::fmt::Write;

/// Characters in a line; longer lines continue on the next, as in a terminal.
const COLUMNS: usize = 100;
/// The size of one character cell, in pixels.
const CELL: (f64, f64) = (7.8, 18.0);
/// The space around the text, in pixels.
const MARGIN: f64 = 16.0;
/// The height of the title bar, in pixels.
const BAR: f64 = 32.0;

const COMMAND: &str = "$ cargo run --release -- demo";

const TEXT: &str = "#c9d1d9";
const BRIGHT: &str = "#ffffff";
const GREEN: &str = "#3fb950";
const BLUE: &str = "#79c0ff";

/// Returns the lines of the terminal, each with the colour of its text.
fn lines(transcript: &str) -> Vec<(String, &'static str)> {
    let mut lines = Vec::new();
    for line in std::iter::once(COMMAND).chain(transcript.trim_end().lines()) {
        let colour = match line.trim_start().starts_with("sqlite3") {
            true => BLUE,
            false => TEXT,
        };
        let letters: Vec<char> = line.chars().collect();
        if letters.is_empty() {
            lines.push((String::new(), colour));
        }
        let parts = letters.chunks(COLUMNS);
        lines.extend(parts.map(|part| (part.iter().collect::<String>(), colour)));
    }
    lines
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// Returns a line in parts, each with its colour.
fn parts<'a>(line: &'a str, colour: &'static str) -> Vec<(&'a str, &'static str)> {
    if line == COMMAND {
        return vec![("$", GREEN), (&line[1..], BRIGHT)];
    }
    match line.strip_suffix("equal") {
        Some(row) => vec![(row, colour), ("equal", GREEN)],
        None => vec![(line, colour)],
    }
}

/// Draws the transcript.
pub(crate) fn draw(transcript: &str) -> String {
    let lines = lines(transcript);
    let (cell_width, cell_height) = CELL;
    #[expect(clippy::cast_precision_loss, reason = "a few hundred cells")]
    let (columns, rows) = (COLUMNS as f64, lines.len() as f64);
    let width = (columns * cell_width + 2.0 * MARGIN).ceil();
    let height = (rows * cell_height + BAR + 2.0 * MARGIN).ceil();
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\">\n\
         <title>The output of soracrawl demo in a terminal</title>\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"#0d1117\"/>\n"
    );
    for (x, colour) in [(20, "#ff5f57"), (40, "#febc2e"), (60, "#28c840")] {
        writeln!(
            svg,
            "<circle cx=\"{x}\" cy=\"18\" r=\"6\" fill=\"{colour}\"/>"
        )
        .expect("text");
    }
    svg.push_str(
        "<g font-family=\"ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace\" \
         font-size=\"13\" xml:space=\"preserve\" style=\"white-space: pre\">\n",
    );
    let mut y = BAR + MARGIN;
    for (line, colour) in &lines {
        y += cell_height;
        if line.is_empty() {
            continue;
        }
        write!(svg, "<text x=\"{MARGIN}\" y=\"{:.0}\">", y - 5.0).expect("text");
        for (part, colour) in parts(line, colour) {
            write!(svg, "<tspan fill=\"{colour}\">{}</tspan>", escape(part)).expect("text");
        }
        svg.push_str("</text>\n");
    }
    svg.push_str("</g>\n</svg>\n");
    svg
}

#[test]
fn a_line_longer_than_the_terminal_continues_on_the_next() {
    let lines = lines(&"é".repeat(COLUMNS + 1));
    let lengths: Vec<usize> = lines.iter().map(|(line, _)| line.chars().count()).collect();
    assert_eq!(lengths, [COMMAND.len(), COLUMNS, 1]);
}

#[test]
fn letters_with_a_meaning_in_svg_are_escaped() {
    let picture = draw("a < b && c > d");
    assert!(picture.contains("a &lt; b &amp;&amp; c &gt; d"));
}
