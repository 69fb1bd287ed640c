//! Text as XML.

use crate::width::visible;

/// `text` as the content of an element or an attribute. Every character that
/// XML does not allow becomes one that is seen.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            _ => escaped.push(c),
        }
    }
    escaped
}

/// A line of text.
pub(super) fn text(class: &str, x: usize, y: usize, text: &str) -> String {
    let text = escape(text);
    format!("<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{text}</text>\n")
}

/// The beginning of a group that is known as `about`.
pub(super) fn group(about: &str) -> String {
    format!("<g aria-label=\"{}\">\n", escape(about))
}

/// A number that stands for these texts, the same on every machine: FNV-1a.
pub(super) fn digest(texts: &[&str]) -> u32 {
    let bytes = texts.iter().flat_map(|text| text.bytes());
    bytes.fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_markup() {
        let escaped = escape("<a b=\"&\">\u{0}]]>");
        assert_eq!(escaped, "&lt;a b=&quot;&amp;&quot;&gt;␀]]&gt;");
    }

    #[test]
    fn the_digest_is_that_of_the_standard() {
        assert_eq!(digest(&["foo", "bar"]), 0xbf9c_f968);
    }
}
