//! How much room text takes, and how it is made to fit.

use unicode_width::UnicodeWidthChar;

/// How many columns of a terminal a character takes.
pub(crate) fn column(c: char) -> usize {
    c.width().unwrap_or(0)
}

/// How many columns of a terminal `text` takes.
pub(crate) fn columns(text: &str) -> usize {
    text.chars().map(column).sum()
}

/// `text` with every character that would be invisible, would change the text
/// around it, or is not allowed in XML, replaced by one that is seen.
pub(crate) fn visible(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\0'..='\x1f' => picture(c),
            '\x7f' => '\u{2421}',
            '\u{80}'..='\u{9f}'
            | '\u{200e}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
            | '\u{fffe}'..='\u{ffff}' => '\u{fffd}',
            _ => c,
        })
        .collect()
}

/// The picture that Unicode has of a control character.
fn picture(control: char) -> char {
    char::from_u32(0x2400 + u32::from(control)).unwrap_or('\u{fffd}')
}

/// `text` cut to at most `room`; a `…` shows the cut.
pub(crate) fn clip(
    text: &str,
    room: usize,
    measure: impl Fn(char) -> usize,
) -> String {
    if text.chars().map(&measure).sum::<usize>() <= room {
        return text.to_owned();
    }
    let mut used = measure('…');
    let fits = |c: &char| {
        used += measure(*c);
        used <= room
    };
    let kept: String = text.chars().take_while(fits).collect();
    kept.trim_end().to_owned() + "…"
}

/// `label` if it fits into `room`; else without the object whose operation it
/// names, `acquire` for `Lock.acquire`, and cut if need be.
pub(crate) fn shorten(
    label: &str,
    room: usize,
    measure: impl Fn(char) -> usize,
) -> String {
    let fits = label.chars().map(&measure).sum::<usize>() <= room;
    let named = |operation: &&str| operation.starts_with(char::is_alphabetic);
    let operation = label.rsplit_once('.').map(|(_, name)| name).filter(named);
    match operation {
        Some(operation) if !fits => clip(operation, room, measure),
        _ => clip(label, room, measure),
    }
}

/// `text` in pieces of at most `room`, or of one character that is wider. They
/// end behind a blank or a hyphen where there is one; together they are `text`.
pub(crate) fn wrap(
    text: &str,
    room: usize,
    measure: impl Fn(char) -> usize,
) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut piece = String::new();
    let mut used = 0;
    for c in text.chars() {
        if used + measure(c) > room && !piece.is_empty() && c != ' ' {
            let rest = split(&mut piece);
            used = rest.chars().map(&measure).sum();
            pieces.push(std::mem::replace(&mut piece, rest));
        }
        used += measure(c);
        piece.push(c);
    }
    pieces.push(piece);
    pieces
}

/// Takes from `piece` what stands behind its last blank or hyphen, if anything
/// would be left.
fn split(piece: &mut String) -> String {
    match piece.rfind([' ', '-', '_']) {
        Some(last) if !piece[..last].trim().is_empty() => {
            piece.split_off(last + 1)
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chinese_character_takes_two_columns() {
        assert_eq!(columns("吃ab"), 4);
    }

    #[test]
    fn a_cut_never_exceeds_its_room() {
        assert_eq!(clip("程序结束", 8, column), "程序结束");
        assert_eq!(clip("程序结束", 7, column), "程序结…");
        assert_eq!(clip("程序结束", 6, column), "程序…");
    }

    #[test]
    fn an_operation_is_known_without_its_object() {
        assert_eq!(shorten("Lock.acquire", 12, column), "Lock.acquire");
        assert_eq!(shorten("Lock.acquire", 11, column), "acquire");
        assert_eq!(shorten("Lock.acquire", 4, column), "acq…");
        assert_eq!(shorten("sleep 0.25 s", 9, column), "sleep 0.…");
    }

    #[test]
    fn what_would_not_be_seen_becomes_visible() {
        assert_eq!(visible("a\tb\u{1b}\u{7f}"), "a␉b␛␡");
        assert_eq!(visible("\u{202e}a\u{ffff}\u{85}"), "�a��");
    }

    #[test]
    fn lines_break_behind_blanks() {
        let pieces = wrap("Python will sleep", 11, column);
        assert_eq!(pieces, ["Python will ", "sleep"]);
        let pieces = wrap("主进程结束 and", 7, column);
        assert_eq!(pieces, ["主进程", "结束 ", "and"]);
        assert_eq!(wrap("task-handler", 11, column), ["task-", "handler"]);
        assert_eq!(wrap("", 5, column), [""]);
    }

    #[test]
    fn blanks_at_the_end_of_a_piece_take_no_room() {
        assert_eq!(wrap("ab   cd", 2, column), ["ab   ", "cd"]);
    }
}
