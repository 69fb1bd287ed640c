//! A line of a terminal, written at any column.

use crate::width::{column, columns};

/// It is blank at first; what is written stays, unless it is overwritten on purpose.
#[derive(Debug, Clone, Default)]
pub(crate) struct Strip {
    /// What stands in each column. A wide character stands in its first one,
    /// and its second one is empty.
    cells: Vec<String>,
}

impl Strip {
    /// Writes `text` from column `at` on, over what stands there.
    pub(crate) fn put(&mut self, at: usize, text: &str) {
        self.reach(at + columns(text));
        let mut next = at;
        for c in text.chars() {
            match column(c) {
                0 if next > at => self.combine(next - 1, c),
                0 => {}
                width => {
                    self.cells[next] = c.into();
                    self.cells[next + 1..next + width].fill(String::new());
                    next += width;
                }
            }
        }
    }

    /// Writes `text` if that overwrites nothing, and leaves a blank behind it.
    pub(crate) fn put_if_free(&mut self, at: usize, text: &str) -> bool {
        let free = (at..=at + columns(text)).all(|column| self.is_free(column));
        if free {
            self.put(at, text);
        }
        free
    }

    /// Fills the free columns from `start` to before `end`.
    pub(crate) fn fill(&mut self, start: usize, end: usize, with: char) {
        self.reach(end);
        for at in start..end {
            if self.is_free(at) {
                self.cells[at] = with.into();
            }
        }
    }

    fn is_free(&self, at: usize) -> bool {
        self.cells.get(at).is_none_or(|cell| cell == " ")
    }

    fn reach(&mut self, length: usize) {
        if self.cells.len() < length {
            self.cells.resize(length, " ".into());
        }
    }

    /// Adds a character without a width to the one that ends at `at`.
    fn combine(&mut self, at: usize, c: char) {
        let first = (0..=at).rev().find(|&at| !self.cells[at].is_empty());
        if let Some(first) = first {
            self.cells[first].push(c);
        }
    }

    /// The strip without blanks at its end, with a newline.
    pub(crate) fn finish(&self) -> String {
        self.cells.concat().trim_end().to_owned() + "\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_character_takes_two_columns() {
        let mut strip = Strip::default();
        strip.put(1, "吃");
        strip.put(3, "x");
        assert!(!strip.put_if_free(2, "y"));
        assert!(strip.put_if_free(5, "y"));
        strip.fill(0, 6, '-');
        assert_eq!(strip.finish(), "-吃x-y\n");
    }

    #[test]
    fn a_combining_character_stays_with_its_letter() {
        let mut strip = Strip::default();
        strip.put(0, "吃\u{301}e\u{301}");
        strip.put(3, "!");
        assert_eq!(strip.finish(), "吃\u{301}e\u{301}!\n");
    }
}
