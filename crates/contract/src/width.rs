//! Text as a terminal lays it out: a Chinese character takes two columns.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How many columns `text` takes.
pub(crate) fn columns(text: &str) -> usize {
    text.width()
}

/// `text` with blanks after it, up to `width` columns.
pub(crate) fn pad(text: &str, width: usize) -> String {
    let blanks = width.saturating_sub(columns(text));
    format!("{text}{}", " ".repeat(blanks))
}

/// `text` cut to at most `width` columns; a `…` shows the cut.
pub(crate) fn clip(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let mut used = 1;
    let mut kept = String::new();
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > width {
            break;
        }
        kept.push(c);
    }
    kept.push('…');
    kept
}

/// `text` with every control character replaced by its visible picture, so
/// that it takes the columns it seems to take.
pub(crate) fn visible(text: &str) -> String {
    text.chars()
        .map(|c| match u32::from(c) {
            code @ 0..0x20 => char::from_u32(0x2400 + code).unwrap_or(' '),
            0x7f => '\u{2421}',
            _ => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chinese_character_takes_two_columns() {
        assert_eq!(columns("吃ab"), 4);
        assert_eq!(pad("吃", 4), "吃  ");
    }

    #[test]
    fn a_cut_never_exceeds_its_width() {
        assert_eq!(clip("程序结束", 8), "程序结束");
        assert_eq!(clip("程序结束", 7), "程序结…");
        assert_eq!(clip("程序结束", 6), "程序…");
    }

    #[test]
    fn control_characters_become_visible() {
        assert_eq!(visible("a\tb\u{1b}\u{7f}"), "a␉b␛␡");
    }
}
