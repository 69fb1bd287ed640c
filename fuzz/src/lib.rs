//! Contracts as hostile input: a program from the text may print anything, and
//! so may a `.contract` hold.

use contract::{Contract, Ending, Run, Verdict};
use hostile::{Target, cost};

const NAME: &str = "hostile.contract";

/// A contract, a zero, and what a program has printed.
pub const CONTRACTS: Target = Target {
    name: "contracts",
    run: |input| {
        let text = String::from_utf8_lossy(input);
        let (source, output) = text.split_once('\0').unwrap_or((&text, ""));
        let ((), cost) = cost(|| judge(source, output));
        // A `perm` of ten items has 2^10 states for each of their letters.
        cost.is_within(4 << 20, 128 << 10, input.len());
        // The walk through all outputs may take seconds, which is said of it.
        // It is tried where it is short: with few lines, each by one actor.
        if let Ok(contract) = Contract::parse(source, NAME)
            && source.len() < 80
            && !source.contains("..")
        {
            drop(contract.legal());
        }
    },
    seeds: || {
        let mistakes = [
            include_str!("../../crates/contract/tests/mistakes/holes.contract"),
            include_str!("../../crates/contract/tests/mistakes/per.contract"),
        ];
        let mistakes = mistakes.map(|it| it.as_bytes().to_vec());
        let programs = PROGRAMS.map(|parts| parts.join("\0").into_bytes());
        mistakes.into_iter().chain(programs).collect()
    },
};

macro_rules! program {
    ($name:literal, $output:literal) => {
        [
            include_str!(concat!(
                "../../crates/contract/tests/programs/",
                $name,
                "/program.contract"
            )),
            include_str!(concat!(
                "../../crates/contract/tests/programs/",
                $name,
                "/",
                $output,
                ".out"
            )),
        ]
    };
}

const PROGRAMS: [[&str; 2]; 3] = [
    program!("buffer-of-one", "legal-late-puts"),
    program!("buffer-of-one", "illegal-gap"),
    program!("five-workers", "illegal-early"),
];

/// Says all that can be said of a contract and a run.
fn judge(source: &str, output: &str) {
    let contract = match Contract::parse(source, NAME) {
        Ok(contract) => contract,
        Err(faults) => {
            assert!(!faults.is_empty(), "it is refused, and not told why");
            return faults.iter().for_each(|fault| drop(fault.to_string()));
        }
    };
    let run = Run::saved(output, Ending::Exited(0));
    match contract.judge(&run) {
        Verdict::Kept(report) => drop(report.to_string()),
        Verdict::Broken(violation) => drop(violation.to_string()),
    }
    drop(contract.draw(&run));
    assert_eq!(contract.authors(&run).len(), run.lines.len());
}
