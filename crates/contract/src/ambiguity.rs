//! The static check that no line of output can match two templates.

use std::collections::{HashMap, VecDeque};

use crate::nfa::Nfa;

/// One state of each automaton, and whether the text so far ends in a blank.
type Pair = (usize, usize, bool);

/// A shortest text that both automata accept, if there is one: a breadth
/// first search of their product. A line never ends in a blank, so neither
/// does the text.
pub(crate) fn witness(a: &Nfa, b: &Nfa) -> Option<String> {
    let start: Pair = (0, 0, false);
    let mut came_from: HashMap<Pair, Option<(Pair, char)>> = HashMap::new();
    came_from.insert(start, None);
    let mut queue = VecDeque::from([start]);
    while let Some(pair) = queue.pop_front() {
        let (left, right, blank) = pair;
        if a.states[left].accepts && b.states[right].accepts && !blank {
            return Some(spell(pair, &came_from));
        }
        for &(class, to_left) in &a.states[left].moves {
            for &(other, to_right) in &b.states[right].moves {
                let Some(c) = class.common(other) else {
                    continue;
                };
                let next = (to_left, to_right, c.is_whitespace());
                came_from.entry(next).or_insert_with(|| {
                    queue.push_back(next);
                    Some((pair, c))
                });
            }
        }
    }
    None
}

/// The text that led to `pair`.
fn spell(
    mut pair: Pair,
    came_from: &HashMap<Pair, Option<(Pair, char)>>,
) -> String {
    let mut letters = Vec::new();
    while let Some(&(before, c)) = came_from[&pair].as_ref() {
        letters.push(c);
        pair = before;
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kind::Kind;
    use crate::template::{Content, Hole, Template};

    fn template(contents: Vec<Content>) -> Template {
        Template::new("", contents)
    }

    fn hole(kind: Kind) -> Content {
        Content::Hole(Hole {
            name: Some("h".into()),
            kind,
        })
    }

    fn literal(text: &str) -> Content {
        Content::Literal(text.into())
    }

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    fn both(a: Vec<Content>, b: Vec<Content>) -> Option<String> {
        witness(template(a).nfa(), template(b).nfa())
    }

    #[test]
    fn a_shortest_text_is_shown() {
        let number = vec![literal("n="), hole(Kind::Float)];
        let any = vec![hole(Kind::Word), hole(Kind::Int)];
        assert_eq!(both(number, any).as_deref(), Some("n=1"));
    }

    #[test]
    fn kinds_that_exclude_each_other_do() {
        let pid = || vec![hole(Kind::Pid)];
        assert_eq!(both(pid(), vec![hole(Kind::OneOf(words("0 01")))]), None);
        assert_eq!(both(pid(), vec![literal("-"), hole(Kind::Int)]), None);
        let perm = |items| vec![hole(Kind::Perm(words(items)))];
        assert_eq!(both(perm("1 2 2"), perm("1 1 2")), None);
        assert_eq!(both(perm("1 2"), vec![hole(Kind::Word)]), None);
    }

    #[test]
    fn a_line_never_ends_in_a_blank() {
        let text = || hole(Kind::Text { empty: true });
        let spaced = vec![literal("a "), text()];
        assert_eq!(
            both(spaced, vec![literal("a "), text()]).as_deref(),
            Some("a x")
        );
        let a = vec![literal("a "), hole(Kind::OneOf(words("b")))];
        assert_eq!(both(a, vec![literal("a ")]), None);
    }

    /// A piece of a template over few letters, and a text that it matches.
    fn piece() -> impl Strategy<Value = (Content, String)> {
        let kind = prop_oneof![
            "[a1 ]{0,3}".prop_map(|s| (Kind::Text { empty: true }, s)),
            "[a1 ]{1,3}".prop_map(|s| (Kind::Text { empty: false }, s)),
            "[a1,]{1,3}".prop_map(|s| (Kind::Word, s)),
            "-?[01]{1,3}".prop_map(|s| (Kind::Int, s)),
            "-?1(\\.[01]{1,2})?(e-?1)?".prop_map(|s| (Kind::Float, s)),
            "1[01]{0,2}".prop_map(|s| (Kind::Pid, s)),
            "0|1[01]?".prop_map(|s| (Kind::Counter(0), s)),
            "a|a1|1".prop_map(|s| (Kind::OneOf(words("a a1 1")), s)),
            "a, 1|1, a".prop_map(|s| (Kind::Perm(words("1 a")), s)),
        ];
        prop_oneof![
            "[a1 ,-]{1,3}".prop_map(|s| (literal(&s), s)),
            kind.prop_map(|(kind, s)| (hole(kind), s)),
        ]
    }

    fn sampled() -> impl Strategy<Value = (Template, String)> {
        prop::collection::vec(piece(), 0..4).prop_map(|pieces| {
            let (contents, texts): (Vec<_>, Vec<_>) =
                pieces.into_iter().unzip();
            (template(contents), texts.concat())
        })
    }

    proptest! {
        #[test]
        fn a_template_matches_its_samples((template, text) in sampled()) {
            let values = template.capture(&text).expect("it matches");
            prop_assert_eq!(values.len(), template.holes().count());
        }

        #[test]
        fn a_witness_matches_both_and_is_found_if_there_is_one(
            (a, text) in sampled(),
            (b, _) in sampled(),
        ) {
            match witness(a.nfa(), b.nfa()) {
                Some(text) => prop_assert!(
                    a.capture(&text).is_some() && b.capture(&text).is_some()
                ),
                None => prop_assert!(
                    text.ends_with(' ') || b.capture(&text).is_none()
                ),
            }
        }
    }
}
