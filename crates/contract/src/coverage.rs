//! What many runs have shown of what a contract allows.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::explanation::{Claim, Explanation};
use crate::legal::{Legal, Order, Pairs};
use crate::model::{Contract, Source};
use crate::shape::Shape;
use crate::verdict::{Limit, Report};

/// The legal runs of a program, added up.
#[derive(Debug, Clone)]
pub struct Coverage {
    legal: Legal,
    explained: Vec<Explanation>,
    outputs: BTreeSet<Shape>,
    orders: Pairs,
    /// By line of the contract, the run that came closest.
    limits: BTreeMap<usize, Limit>,
}

/// What a contract allows and no run has shown, or what it says of that
/// wrongly. Either the contract is made tighter, or a comment in it explains
/// why the runs cannot show it.
#[derive(Debug, Clone)]
pub enum Gap {
    /// Two lines may come in this order, and never did.
    Unseen(Order),
    /// No run came to the bound of this rule.
    Far(Limit),
    /// This comment explains nothing: what it speaks of was seen, or is not
    /// free.
    Needless(Source),
}

impl Coverage {
    /// Of no runs yet.
    #[must_use]
    pub fn new(contract: &Contract) -> Self {
        Self {
            legal: contract.legal(),
            explained: contract.explained.clone(),
            outputs: BTreeSet::new(),
            orders: Pairs::new(),
            limits: BTreeMap::new(),
        }
    }

    /// Adds a run that the same contract has judged.
    pub fn add(&mut self, report: &Report) {
        self.outputs.insert(report.shape.clone());
        self.orders.extend(&report.orders);
        for limit in &report.limits {
            let so_far = self.limits.entry(limit.rule.line);
            let so_far = so_far.or_insert_with(|| limit.clone());
            let far = |it: &Limit| it.distance().unwrap_or(f64::INFINITY);
            if far(limit) < far(so_far) {
                *so_far = limit.clone();
            }
        }
    }

    /// What could be seen.
    #[must_use]
    pub fn legal(&self) -> &Legal {
        &self.legal
    }

    /// The different outputs that were seen.
    #[must_use]
    pub fn outputs(&self) -> &BTreeSet<Shape> {
        &self.outputs
    }

    /// The free orders that no run has shown, explained or not. One pair of
    /// instances that shows it is enough for all.
    #[must_use]
    pub fn unseen(&self) -> Vec<&Order> {
        let free = self.legal.free.iter();
        free.filter(|it| !self.orders.contains(&it.lines()))
            .collect()
    }

    /// The limits that no run came to, explained or not.
    #[must_use]
    pub fn far(&self) -> Vec<&Limit> {
        let limits = self.limits.values();
        limits.filter(|limit| !limit.is_at_bound()).collect()
    }

    /// What is neither seen nor explained, and what is explained needlessly.
    #[must_use]
    pub fn gaps(&self) -> Vec<Gap> {
        let (unseen, far) = (self.unseen(), self.far());
        let explained = &self.explained;
        let mut gaps = Vec::new();
        for order in &unseen {
            if !explained.iter().any(|it| it.explains_order(order)) {
                gaps.push(Gap::Unseen((*order).clone()));
            }
        }
        for limit in &far {
            if !explained.iter().any(|it| it.explains_limit(limit)) {
                gaps.push(Gap::Far((*limit).clone()));
            }
        }
        for it in explained {
            let needed = unseen.iter().any(|order| it.explains_order(order))
                || far.iter().any(|limit| it.explains_limit(limit));
            if !needed {
                gaps.push(Gap::Needless(it.source.clone()));
            }
        }
        gaps
    }
}

impl Explanation {
    fn explains_order(&self, order: &Order) -> bool {
        let (a, b) = order.lines();
        match &self.claim {
            Claim::Unseen { first, then } => {
                first.contains(&a) && then.contains(&b)
            }
            Claim::Far { .. } => false,
        }
    }

    fn explains_limit(&self, limit: &Limit) -> bool {
        matches!(self.claim, Claim::Far { rule } if rule == limit.rule.line)
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unseen(order) => write!(f, "{order} was never seen"),
            Self::Far(Limit { rule, closest }) => {
                write!(f, "`{}` was never at its bound: ", rule.text)?;
                match closest {
                    Some(closest) => write!(f, "{closest}"),
                    None => write!(f, "never put to the test"),
                }
            }
            Self::Needless(Source { text, line, .. }) => {
                write!(f, "`# {text}` in line {line} is not needed")
            }
        }
    }
}
