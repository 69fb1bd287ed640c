//! Which text did the writer mean? Likeness by the longest common
//! subsequence.

/// The likeness that a suggestion needs.
const ENOUGH: f64 = 0.6;

/// The candidate most like `wanted`, if one is like it at all; the first of
/// equals.
pub(crate) fn nearest<'a>(
    wanted: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    most_alike(wanted, candidates.into_iter().map(|c| (c, c)))
}

/// The item whose text is most like `wanted`, if one is like it at all; the
/// first of equals.
pub(crate) fn most_alike<'a, T>(
    wanted: &str,
    items: impl IntoIterator<Item = (&'a str, T)>,
) -> Option<T> {
    let mut best = None;
    let mut most = ENOUGH;
    for (text, item) in items {
        let alike = likeness(wanted, text);
        if alike > most || (best.is_none() && alike >= most) {
            most = alike;
            best = Some(item);
        }
    }
    best
}

/// From 0 (no character in common) to 1 (equal).
#[expect(clippy::cast_precision_loss, reason = "lengths of lines are small")]
fn likeness(a: &str, b: &str) -> f64 {
    let total = a.chars().count() + b.chars().count();
    if total == 0 {
        return 1.0;
    }
    2.0 * common(a, b) as f64 / total as f64
}

/// The length of the longest common subsequence.
fn common(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row = vec![0; b.len() + 1];
    for x in a.chars() {
        let mut diagonal = 0;
        for (i, &y) in b.iter().enumerate() {
            let above = row[i + 1];
            row[i + 1] = if x == y {
                diagonal + 1
            } else {
                above.max(row[i])
            };
            diagonal = above;
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_word() {
        let names = ["main", "worker", "wait"];
        assert_eq!(nearest("wroker", names), Some("worker"));
        assert_eq!(nearest("mian", names), Some("main"));
    }

    #[test]
    fn a_stranger_finds_nothing() {
        assert_eq!(nearest("queue", ["main", "worker"]), None);
    }
}
