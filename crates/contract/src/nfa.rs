//! The language of a template, as a small automaton without empty moves.

/// The characters that a move accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    One(char),
    Digit,
    /// A digit that a number may begin with.
    LeadingDigit,
    /// Everything but white space.
    Solid,
    Any,
}

impl Class {
    pub(crate) fn contains(self, c: char) -> bool {
        match self {
            Self::One(one) => c == one,
            Self::Digit => c.is_ascii_digit(),
            Self::LeadingDigit => matches!(c, '1'..='9'),
            Self::Solid => !c.is_whitespace(),
            Self::Any => true,
        }
    }

    /// A character of the class; of a large class a plain one.
    fn sample(self) -> char {
        match self {
            Self::One(one) => one,
            Self::Digit | Self::LeadingDigit => '1',
            Self::Solid | Self::Any => 'x',
        }
    }

    /// A character that both classes contain, and no blank if it can be.
    /// The samples suffice: of two classes one contains the other or they
    /// have nothing in common, and a sample lies in every larger class.
    pub(crate) fn common(self, other: Self) -> Option<char> {
        [self.sample(), other.sample()]
            .into_iter()
            .find(|&c| self.contains(c) && other.contains(c))
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) accepts: bool,
    pub(crate) moves: Vec<(Class, usize)>,
}

/// An automaton; it begins in state 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Nfa {
    pub(crate) states: Vec<State>,
}

impl Nfa {
    /// Accepts the empty text only.
    pub(crate) fn empty() -> Self {
        Self {
            states: vec![State {
                accepts: true,
                moves: Vec::new(),
            }],
        }
    }

    /// Accepts `text` only.
    pub(crate) fn literal(text: &str) -> Self {
        Self::one_of([text])
    }

    /// Accepts each of `words`: a tree of their letters.
    pub(crate) fn one_of<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let mut nfa = Self {
            states: vec![State::default()],
        };
        for word in words {
            let end = nfa.spell(0, word);
            nfa.states[end].accepts = true;
        }
        nfa
    }

    /// The state reached from `from` by `word`, made where it is not there.
    pub(crate) fn spell(&mut self, from: usize, word: &str) -> usize {
        word.chars().fold(from, |at, c| {
            let class = Class::One(c);
            let known = self.states[at].moves.iter();
            match known.clone().find(|(known, _)| *known == class) {
                Some(&(_, to)) => to,
                None => self.step(at, class),
            }
        })
    }

    /// A new state, reached from `from` by `class`.
    pub(crate) fn step(&mut self, from: usize, class: Class) -> usize {
        self.states.push(State::default());
        let to = self.states.len() - 1;
        self.link(from, class, to);
        to
    }

    pub(crate) fn link(&mut self, from: usize, class: Class, to: usize) {
        self.states[from].moves.push((class, to));
    }

    /// Accepts a text of this automaton followed by a text of `next`.
    pub(crate) fn then(mut self, next: &Self) -> Self {
        let offset = self.states.len();
        let shifted: Vec<State> = next
            .states
            .iter()
            .map(|state| State {
                accepts: state.accepts,
                moves: state
                    .moves
                    .iter()
                    .map(|&(class, to)| (class, to + offset))
                    .collect(),
            })
            .collect();
        for state in &mut self.states {
            if state.accepts {
                state.accepts = shifted[0].accepts;
                state.moves.extend(shifted[0].moves.iter().copied());
            }
        }
        self.states.extend(shifted);
        self
    }

    /// The lengths of all beginnings of `text` that are accepted, ascending,
    /// and the length of the longest beginning that some text could go on
    /// from.
    pub(crate) fn scan(&self, text: &[char]) -> (Vec<usize>, usize) {
        let mut lengths = Vec::new();
        let mut current = vec![0];
        let mut seen = vec![usize::MAX; self.states.len()];
        let mut length = 0;
        loop {
            if current.iter().any(|&at| self.states[at].accepts) {
                lengths.push(length);
            }
            let Some(&c) = text.get(length) else {
                return (lengths, length);
            };
            let mut next = Vec::new();
            for at in current {
                for &(class, to) in &self.states[at].moves {
                    if class.contains(c) && seen[to] != length {
                        seen[to] = length;
                        next.push(to);
                    }
                }
            }
            if next.is_empty() {
                return (lengths, length);
            }
            current = next;
            length += 1;
        }
    }

    /// Whether the whole of `text` is accepted.
    pub(crate) fn accepts(&self, text: &[char]) -> bool {
        self.scan(text).0.last() == Some(&text.len())
    }
}
