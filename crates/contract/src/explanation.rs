//! What a contract says of what it allows and nobody sees.

use crate::model::{Contract, Lines, Source};

/// A comment that explains why runs do not show what the contract allows.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// Its text, without the `#` and without the reason, and the reason.
    pub source: Source,
    pub(crate) claim: Claim,
}

#[derive(Debug, Clone)]
pub(crate) enum Claim {
    /// None of `first` is seen before any of `then`.
    Unseen { first: Lines, then: Lines },
    /// No run comes to the bound of the rule in this line of the file.
    Far { rule: usize },
}

impl Contract {
    /// The comments that explain what runs do not show.
    #[must_use]
    pub fn explained(&self) -> &[Explanation] {
        &self.explained
    }
}
