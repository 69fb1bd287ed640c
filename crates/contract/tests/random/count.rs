//! The number of legal outputs, and which of their lines may change places,
//! against all outputs that the judge accepts.

use std::collections::BTreeSet;
use std::fmt::Write;

use contract::{Contract, Count, Ending, Legal, Place, Run, Shape, Verdict};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::model::{Print, Program, programs_of};
use crate::parse;

/// Contracts with more runs than these are left out.
const MOST_JUDGEMENTS: usize = 300;
/// So are those with more different lines.
const MOST_TEXTS: usize = 9;
/// No line comes more often in those that are left.
const MOST_PRINTS: usize = 5;

/// A rule about sums: its word, its lines, a number, and whether it is asked
/// for each value of a key.
type Sum = (usize, Index, Index, usize, bool);

/// A small contract with rules of all kinds.
fn contracts() -> impl Strategy<Value = (Program, String)> {
    let sum = (
        0..5_usize,
        any::<Index>(),
        any::<Index>(),
        0..3_usize,
        any::<bool>(),
    );
    let sums = prop::collection::vec(sum, 0..3);
    let bounds = prop::collection::vec(0..8_usize, 4);
    (programs_of(2, 2), sums, bounds).prop_map(|(program, sums, bounds)| {
        let mut source = program.source();
        for sum in sums {
            source += &rule(&program, &sum).unwrap_or_default();
        }
        for (((a, l), endless, _), bound) in program.lines().iter().zip(bounds)
        {
            if *endless && bound > 0 {
                let most = 1 + bound % 2;
                writeln!(source, "finally l{a}_{l} <= {most} # a bound")
                    .expect("a string");
            }
        }
        (program, source)
    })
}

fn rule(program: &Program, sum: &Sum) -> Option<String> {
    let (word, a, b, number, per) = sum;
    let lines = program.lines();
    let ((a, l), _, names) = a.get(&lines);
    let ((b, m), _, others) = b.get(&lines);
    let (one, other) = (format!("l{a}_{l}"), format!("l{b}_{m}"));
    let shared = names.iter().rev().find(|name| others.contains(name));
    let per = match shared.filter(|_| *per) {
        Some(name) => format!("per {name}: "),
        None => String::new(),
    };
    let demand = match word {
        0 => format!("always {one} <= {other} + {number}"),
        1 => format!("always 2 {one} - {other} <= {number}"),
        2 => format!("finally {one} <= {number} + {other}"),
        3 => format!("finally {one} == {}", 1 + number),
        _ if one == other => return None,
        _ => format!("{one} before {other}"),
    };
    Some(format!("{per}{demand} # a rule\n"))
}

/// All runs that a contract accepts, found by adding line after line.
struct Search<'a> {
    contract: &'a Contract,
    texts: &'a [Print],
    judgements: usize,
    shapes: BTreeSet<Shape>,
    /// The lines that came before lines of another instance.
    orders: BTreeSet<[(usize, usize); 2]>,
}

impl Search<'_> {
    /// Tells whether the search came to its end.
    fn from(&mut self, run: &mut Vec<Print>) -> bool {
        self.judgements += 1;
        if self.judgements > MOST_JUDGEMENTS {
            return false;
        }
        let lines: Vec<&str> = run.iter().map(|it| it.text.as_str()).collect();
        let saved = Run::saved(&lines.join("\n"), Ending::Exited(0));
        match self.contract.judge(&saved) {
            Verdict::Kept(report) => {
                self.shapes.insert(report.shape);
                self.orders.extend(orders(run));
            }
            Verdict::Broken(violation) if violation.row().is_some() => {
                return true;
            }
            Verdict::Broken(_) => {}
        }
        self.texts.iter().all(|text| {
            run.push(text.clone());
            let done = self.from(run);
            run.pop();
            done
        })
    }
}

/// Which lines of a run come before lines of another instance.
fn orders(run: &[Print]) -> Vec<[(usize, usize); 2]> {
    let pairs = run.iter().enumerate().flat_map(|(at, then)| {
        run[..at].iter().map(move |first| (first, then))
    });
    let apart = pairs.filter(|(a, b)| {
        a.place() != b.place() && (a.actor, a.instance) != (b.actor, b.instance)
    });
    apart.map(|(a, b)| [a.place(), b.place()]).collect()
}

/// The orders that the contract says are free.
fn free(legal: &Legal, source: &str) -> BTreeSet<[(usize, usize); 2]> {
    let place = |place: &Place| {
        let line = source.lines().nth(place.line - 1).expect("its line");
        let label = line.split_whitespace().next().expect("its label");
        let (a, l) = label[1..].split_once('_').expect("an actor and a line");
        (a.parse().expect("an actor"), l.parse().expect("a line"))
    };
    assert!(legal.exact, "{source}");
    let free = legal.free.iter();
    free.map(|it| [place(&it.first), place(&it.then)]).collect()
}

proptest! {
    // Each case is some hundred judgements.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn as_many_are_counted_as_are_accepted(
        (program, source) in contracts()
    ) {
        let contract = parse(&source);
        let texts = program.texts(MOST_PRINTS);
        prop_assume!(texts.len() <= MOST_TEXTS);
        let mut search = Search {
            contract: &contract,
            texts: &texts,
            judgements: 0,
            shapes: BTreeSet::new(),
            orders: BTreeSet::new(),
        };
        prop_assume!(search.from(&mut Vec::new()));
        let accepted = search.shapes.len() as u128;
        let legal = contract.legal();
        let counted = legal.outputs.clone();
        if let Count::Uncounted(reason) = &counted {
            let known = ["is not known", "of an open `key`"];
            let known = known.iter().any(|why| reason.contains(why));
            prop_assert!(known, "{reason}\n{source}");
            return Ok(());
        }
        if let Count::Unbounded(line) = &counted {
            // The search comes to an end only because of the counters, or
            // where nothing is legal, which nobody asked.
            let counts = line.text.contains("{c=0..}");
            prop_assert!(counts || accepted == 0, "{source}");
            return Ok(());
        }
        prop_assert_eq!(counted, Count::Exactly(accepted), "{}", source);
        let mut both = search.orders.clone();
        both.retain(|&[a, b]| search.orders.contains(&[b, a]));
        prop_assert_eq!(free(&legal, &source), both, "{}", source);
    }
}
