//! Runs the tests, and the programs that they explore, which are functions of
//! this binary as well: it explores itself.

use std::env;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

/// A test, or a program that a test explores: a function and its name.
#[derive(Clone, Copy)]
pub(crate) struct Test {
    pub(crate) name: &'static str,
    pub(crate) run: fn(),
}

/// Lists the tests of a file, so that each name is written once.
macro_rules! list {
    ($($run:ident),* $(,)?) => {
        &[$($crate::harness::Test { name: stringify!($run), run: $run }),*]
    };
}
pub(crate) use list;

/// Makes the test binary run one program, as its main function. What follows
/// the name are the program's own arguments.
pub(crate) const PROGRAM: &str = "--program";

/// So many programs are explored side by side.
const THREADS: usize = 2;

/// The tests of a kind: whether they run when nobody asks for them by name.
pub(crate) struct Kind {
    pub(crate) tests: &'static [&'static [Test]],
    pub(crate) ignored: bool,
}

/// Runs a program, if that is what the binary was started for; says whether it
/// was.
pub(crate) fn is_program(programs: &[&[Test]]) -> bool {
    let mut words = env::args().skip(1);
    let is_program = words.next().as_deref() == Some(PROGRAM);
    if is_program {
        let name = words.next().expect("the program has a name");
        (find(&programs.concat(), &name).run)();
    }
    is_program
}

/// Runs the tests.
pub(crate) fn main(kinds: &[Kind]) -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(THREADS);
    let trials = kinds.iter().flat_map(|kind| {
        let tests = kind.tests.concat().into_iter();
        tests.map(|test| trial(test).with_ignored_flag(kind.ignored))
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

fn trial(test: Test) -> Trial {
    Trial::test(test.name, move || {
        (test.run)();
        Ok(())
    })
}

fn find(tests: &[Test], name: &str) -> Test {
    let mut found = tests.iter().filter(|test| test.name == name);
    let test = found.next().expect("the name is one of the list");
    assert!(found.next().is_none(), "two functions have the name {name}");
    *test
}

/// The arguments of the program that runs.
pub(crate) fn arguments() -> impl Iterator<Item = String> {
    env::args().skip(3)
}
