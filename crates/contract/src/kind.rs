//! What may stand in a hole: each kind's language and its words.

use crate::nfa::{Class, Nfa, State};

/// What a hole accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Any text.
    Text { empty: bool },
    /// Text without white space, at least one character.
    Word,
    /// `-?digits`
    Int,
    /// `-?digits[.digits][exponent]`
    Float,
    /// Digits without a leading zero: the id of a process.
    Pid,
    /// A whole number as Rust prints it, counted up from this one.
    Counter(i64),
    /// One of these words.
    OneOf(Vec<String>),
    /// All of these items, in any order, with `, ` between them.
    Perm(Vec<String>),
}

impl Kind {
    pub(crate) fn nfa(&self) -> Nfa {
        match self {
            Self::Text { empty } => text(*empty),
            Self::Word => one_or_more(Class::Solid),
            Self::Int => signed(&one_or_more(Class::Digit)),
            Self::Float => float(),
            Self::Pid => natural(false),
            Self::Counter(first) if *first < 0 => signed(&natural(true)),
            Self::Counter(_) => natural(true),
            Self::OneOf(words) => Nfa::one_of(words.iter().map(String::as_str)),
            Self::Perm(items) => permutations(items),
        }
    }

    /// Whether the hole takes as little of a line as it can; the others take
    /// as much as they can.
    pub(crate) fn is_lazy(&self) -> bool {
        matches!(self, Self::Text { .. })
    }
}

fn text(empty: bool) -> Nfa {
    let mut nfa = Nfa::empty();
    nfa.states[0].accepts = empty;
    let rest = if empty { 0 } else { nfa.step(0, Class::Any) };
    nfa.states[rest].accepts = true;
    nfa.link(rest, Class::Any, rest);
    nfa
}

fn one_or_more(class: Class) -> Nfa {
    let mut nfa = Nfa {
        states: vec![State::default()],
    };
    let more = nfa.step(0, class);
    nfa.states[more].accepts = true;
    nfa.link(more, class, more);
    nfa
}

fn optional(mut nfa: Nfa) -> Nfa {
    nfa.states[0].accepts = true;
    nfa
}

fn signed(number: &Nfa) -> Nfa {
    optional(Nfa::literal("-")).then(number)
}

/// A number without a leading zero; 0 itself where `zero`.
fn natural(zero: bool) -> Nfa {
    let mut nfa = Nfa {
        states: vec![State::default()],
    };
    let more = nfa.step(0, Class::LeadingDigit);
    nfa.states[more].accepts = true;
    nfa.link(more, Class::Digit, more);
    if zero {
        let end = nfa.step(0, Class::One('0'));
        nfa.states[end].accepts = true;
    }
    nfa
}

fn float() -> Nfa {
    let digits = one_or_more(Class::Digit);
    let fraction = optional(Nfa::literal(".").then(&digits));
    let sign = optional(Nfa::one_of(["+", "-"]));
    let exponent = Nfa::one_of(["e", "E"]).then(&sign).then(&digits);
    signed(&digits).then(&fraction).then(&optional(exponent))
}

/// One state for each set of items already seen; the number of the state is
/// the set's bits.
fn permutations(items: &[String]) -> Nfa {
    let all = (1_usize << items.len()) - 1;
    let mut nfa = Nfa {
        states: vec![State::default(); all + 1],
    };
    for seen in 0..all {
        let separator = if seen == 0 { "" } else { ", " };
        let start = nfa.spell(seen, separator);
        for (i, item) in items.iter().enumerate() {
            let with = seen | (1 << i);
            if with != seen {
                spell_to(&mut nfa, start, item, with);
            }
        }
    }
    nfa.states[all].accepts = true;
    nfa
}

/// Lets `word` lead from `from` to `to`.
fn spell_to(nfa: &mut Nfa, from: usize, word: &str, to: usize) {
    let mut at = from;
    let mut letters = word.chars().peekable();
    while let Some(c) = letters.next() {
        if letters.peek().is_some() {
            at = nfa.step(at, Class::One(c));
        } else {
            nfa.link(at, Class::One(c), to);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: &Kind, good: &[&str], bad: &[&str]) {
        let nfa = kind.nfa();
        let accepts =
            |text: &str| nfa.accepts(&text.chars().collect::<Vec<_>>());
        for text in good {
            assert!(accepts(text), "{kind:?} refuses {text:?}");
        }
        for text in bad {
            assert!(!accepts(text), "{kind:?} accepts {text:?}");
        }
    }

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn numbers() {
        check(&Kind::Int, &["0", "-7", "007"], &["", "-", "1.5", "+1"]);
        check(&Kind::Pid, &["1", "4194304"], &["", "0", "01", "-1"]);
        let floats = ["1", "-1.5", "2e9", "2.5E-3", "1e+05"];
        check(&Kind::Float, &floats, &["", ".5", "1.", "e3", "1e", "nan"]);
        check(&Kind::Counter(0), &["0", "10"], &["-1", "01", ""]);
        check(&Kind::Counter(-2), &["-2", "0", "5"], &["-", "05"]);
    }

    #[test]
    fn texts() {
        check(&Kind::Text { empty: true }, &["", " ", "a\nb"], &[]);
        check(&Kind::Text { empty: false }, &[" ", "吃"], &[""]);
        check(&Kind::Word, &["吃", "a-b"], &["", "a b", "a\t"]);
    }

    #[test]
    fn words_may_begin_alike() {
        let kind = Kind::OneOf(words("Tom Tommy To"));
        check(&kind, &["Tom", "Tommy", "To"], &["", "T", "Tomm", "TomTo"]);
    }

    #[test]
    fn permutations_take_each_item_once() {
        let good = ["1, 10, 1", "10, 1, 1", "1, 1, 10"];
        let bad = ["", "1, 10", "1, 10, 10", "1, 1, 10, 1", "1,1,10"];
        check(&Kind::Perm(words("1 10 1")), &good, &bad);
        check(&Kind::Perm(words("a")), &["a"], &["", "a, a"]);
    }
}
