//! Text in columns, as a terminal lays it out: a Chinese character takes two.

use unicode_width::UnicodeWidthStr;

/// Between two columns.
const GAP: usize = 2;

/// The rows with blanks after each cell but the last, so that the cells of a
/// column begin below each other.
#[must_use]
pub fn align(rows: &[Vec<String>]) -> Vec<Vec<String>> {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.width()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..count).map(width).collect();
    let padded = |row: &Vec<String>| {
        let last = row.len().saturating_sub(1);
        let cells = row.iter().zip(&widths).enumerate();
        let padded = cells.map(|(at, (cell, &width))| {
            if at == last {
                cell.clone()
            } else {
                pad(cell, width + GAP)
            }
        });
        padded.collect()
    };
    rows.iter().map(padded).collect()
}

/// `text` with blanks after it, up to `width` columns.
#[must_use]
pub fn pad(text: &str, width: usize) -> String {
    let blanks = width.saturating_sub(text.width());
    format!("{text}{}", " ".repeat(blanks))
}
