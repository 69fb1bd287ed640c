//! Random contracts: what they allow is accepted, what they forbid is
//! refused. The contract is made as a model and read from its source text.

mod count;
mod model;

use contract::{Closest, Contract, Ending, Run, Verdict};
use model::{Choices, Print, Program, programs};
use proptest::prelude::*;
use proptest::sample::Index;

fn parse(source: &str) -> Contract {
    Contract::parse(source, "random.contract")
        .unwrap_or_else(|faults| panic!("{}\n{source}", faults[0]))
}

fn judge(source: &str, prints: &[Print]) -> Verdict {
    let lines: Vec<&str> = prints.iter().map(|it| it.text.as_str()).collect();
    let run = Run::saved(&lines.join("\n"), Ending::Exited(0));
    parse(source).judge(&run)
}

fn accepted(source: &str, prints: &[Print]) -> Result<(), TestCaseError> {
    match judge(source, prints) {
        Verdict::Kept(_) => Ok(()),
        Verdict::Broken(violation) => {
            Err(TestCaseError::fail(format!("{violation}\n{source}")))
        }
    }
}

/// Refused, with a picture that can be drawn.
fn refused(source: &str, prints: &[Print]) -> Result<(), TestCaseError> {
    let Verdict::Broken(violation) = judge(source, prints) else {
        let texts: Vec<_> = prints.iter().map(|it| &it.text).collect();
        let message = format!("accepted {texts:#?}\n{source}");
        return Err(TestCaseError::fail(message));
    };
    prop_assert!(violation.to_string().contains("random.contract:"));
    Ok(())
}

/// A contract with one of its runs.
fn legal() -> impl Strategy<Value = (Program, Vec<Print>)> {
    let numbers = prop::collection::vec(any::<u16>(), 0..150);
    (programs(), numbers).prop_map(|(program, numbers)| {
        let run = program.run(&mut Choices::new(&numbers));
        (program, run)
    })
}

/// The rows that are `wanted`.
fn rows(run: &[Print], wanted: impl Fn(&Print) -> bool) -> Vec<usize> {
    (0..run.len()).filter(|&row| wanted(&run[row])).collect()
}

/// How often the line at `place` has been printed, after each row.
fn counts(prints: &[Print], place: (usize, usize)) -> Vec<i64> {
    let mut count = 0;
    let after = prints.iter().map(|it| {
        count += i64::from(it.place() == place);
        count
    });
    after.collect()
}

proptest! {
    #[test]
    fn what_the_rules_allow_is_accepted((program, run) in legal()) {
        accepted(&program.source(), &run)?;
    }

    #[test]
    fn a_required_line_may_not_be_missing(
        (program, mut run) in legal(),
        at in any::<Index>(),
    ) {
        let required = rows(&run, |print| print.fixed);
        prop_assume!(!required.is_empty());
        run.remove(*at.get(&required));
        refused(&program.source(), &run)?;
    }

    #[test]
    fn a_line_may_not_come_twice_that_comes_once(
        (program, mut run) in legal(),
        (from, to) in any::<(Index, Index)>(),
    ) {
        let single = rows(&run, |print| print.once);
        prop_assume!(!single.is_empty());
        let again = run[*from.get(&single)].clone();
        run.insert(to.index(run.len() + 1), again);
        refused(&program.source(), &run)?;
    }

    #[test]
    fn what_is_ordered_may_not_be_swapped(
        (program, run) in legal(),
        pick in any::<Index>(),
    ) {
        let pairs: Vec<(usize, usize)> = (0..run.len())
            .flat_map(|a| (a + 1..run.len()).map(move |b| (a, b)))
            .filter(|&(a, b)| program.orders(&run[a], &run[b]))
            .collect();
        prop_assume!(!pairs.is_empty());
        let (a, b) = *pick.get(&pairs);
        let mut swapped = run.clone();
        swapped.swap(a, b);
        refused(&program.source(), &swapped)?;
    }

    #[test]
    fn a_limit_holds_to_the_last_unit(
        (program, run) in legal(),
        (a, b) in any::<(Index, Index)>(),
    ) {
        prop_assume!(!run.is_empty());
        let a = a.get(&run).place();
        let others = rows(&run, |print| print.place() != a);
        prop_assume!(!others.is_empty());
        let b = run[*b.get(&others)].place();
        let (lefts, rights) = (counts(&run, a), counts(&run, b));
        let most = lefts.iter().zip(&rights).map(|(a, b)| a - b).max();
        let most = most.unwrap_or(0);
        prop_assume!(most > 0);
        let source = program.source();
        let limit = |most: i64| format!(
            "{source}always l{}_{} <= l{}_{} + {most} # a bound\n",
            a.0, a.1, b.0, b.1,
        );
        let Verdict::Kept(report) = judge(&limit(most), &run) else {
            return Err(TestCaseError::fail(limit(most)));
        };
        let closest = report.limits[0].closest;
        let Some(Closest::Sums { left, right, row: Some(row) }) = closest else {
            return Err(TestCaseError::fail("a line tests the limit"));
        };
        prop_assert_eq!(left, right);
        prop_assert_eq!(lefts[row - 1] - rights[row - 1], most);
        let Verdict::Broken(violation) = judge(&limit(most - 1), &run) else {
            return Err(TestCaseError::fail(limit(most - 1)));
        };
        prop_assert_eq!(violation.row(), Some(row));
    }

    #[test]
    fn a_total_is_exact((program, run) in legal(), pick in any::<Index>()) {
        prop_assume!(!run.is_empty());
        let line = pick.get(&run).place();
        let total = counts(&run, line)[run.len() - 1];
        let source = program.source();
        let rule = |total: i64| format!(
            "{source}finally l{}_{} == {total} # a total\n", line.0, line.1,
        );
        accepted(&rule(total), &run)?;
        refused(&rule(total + 1), &run)?;
        refused(&rule(total - 1), &run)?;
    }
}
