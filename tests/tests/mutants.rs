//! Every rule against the mistakes that it is there to tell: each mutant must
//! be killed by the rule that it says it breaks, as the first that is broken
//! in some run, and each rule that may not fail must kill a mutant.
//!
//! At the end stands for each rule which mutant it killed, and in which run.
//! The schedules are the same each time.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use contract::Verdict;
use ex::catalogue::{Example, Variant, examples};
use ex::exploration::Subject;
use golden::mutants::{Mutant, mutants};
use golden::needs::trial;
use golden::scratch::{self, Source};
use libtest_mimic::{Arguments, Failed, Trial};

/// After so many schedules a mutant counts as a survivor.
const RUNS: u64 = 200;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let kills = Kills::default();
    let trials = match trials(&kills) {
        Ok(trials) => trials,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let conclusion = libtest_mimic::run(&arguments, trials);
    for (variant, kills) in &*lock(&kills) {
        println!("{variant}");
        for kill in kills {
            println!("    {kill}");
        }
    }
    conclusion.exit_code()
}

/// By variant: each rule that killed a mutant, and when.
type Kills = Arc<Mutex<BTreeMap<String, BTreeSet<String>>>>;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn trials(kills: &Kills) -> Result<Vec<Trial>, Box<dyn Error>> {
    let examples = examples()?;
    let mut bred = Vec::new();
    for example in &examples {
        for mutant in mutants(example)? {
            bred.push((example, mutant));
        }
    }
    let programs = build(&examples, &bred)?;
    let mut trials = Vec::new();
    for example in &examples {
        let own = bred.iter().filter(|(of, _)| of.package == example.package);
        let own: Vec<_> = own.map(|(_, mutant)| mutant.clone()).collect();
        trials.push(coverage(example, own));
    }
    for (example, mutant) in bred {
        let program = programs.get(&binary(example, &mutant));
        let variants = example.variants()?;
        for (name, promise) in &mutant.breaks {
            let variant = variants.iter().find(|it| it.name == *name);
            let variant = variant.ok_or_else(|| {
                let package = &example.package;
                format!(
                    "{package}: {} breaks {name}, a variant that is not",
                    mutant.name
                )
            })?;
            let hunt = Hunt {
                mutant: mutant.clone(),
                variant: variant.clone(),
                promise: promise.clone(),
                program: program.cloned(),
            };
            trials.push(hunt.trial(Arc::clone(kills)));
        }
    }
    Ok(trials)
}

fn binary(example: &Example, mutant: &Mutant) -> String {
    format!("{}-{}", example.package, mutant.name)
}

/// Builds those that can be; the others are told by their trials.
fn build(
    examples: &[Example],
    bred: &[(&Example, Mutant)],
) -> io::Result<BTreeMap<String, PathBuf>> {
    let mut sources = Vec::new();
    for (example, mutant) in bred {
        let original = fs::read_to_string(example.main())?;
        if let Ok(text) = mutant.of(&original) {
            let name = binary(example, mutant);
            sources.push(Source { name, text });
        }
    }
    Ok(scratch::build(examples, &sources)?.programs)
}

/// That each rule that may not fail has a mutant.
fn coverage(example: &Example, mutants: Vec<Mutant>) -> Trial {
    let example = example.clone();
    Trial::test(format!("{}::rules", example.package), move || {
        let mut complaints = String::new();
        for variant in example.variants()? {
            let Variant { name, .. } = &variant;
            let broken = mutants.iter().filter_map(|it| it.breaks.get(name));
            let broken: BTreeSet<_> = broken.collect();
            for rule in variant.read()?.hard_rules() {
                let rule = &rule.text;
                if !broken.contains(rule) {
                    writeln!(complaints, "{name}: no mutant breaks `{rule}`")?;
                }
            }
        }
        if complaints.is_empty() {
            return Ok(());
        }
        Err(complaints.into())
    })
}

/// A mutant, and the rule of a variant that is to kill it.
struct Hunt {
    mutant: Mutant,
    variant: Variant,
    promise: String,
    program: Option<PathBuf>,
}

impl Hunt {
    fn trial(self, kills: Kills) -> Trial {
        let variant = self.variant.full_name();
        let name = format!("{variant}::{}", self.mutant.name);
        let example = self.variant.example.clone();
        trial(&example, name, move || {
            let kill = self.kill()?;
            lock(&kills).entry(variant).or_default().insert(kill);
            Ok(())
        })
    }

    /// Explores the mutant until the promise is broken; tells when that was.
    fn kill(&self) -> Result<String, Failed> {
        let Self {
            mutant,
            variant,
            promise,
            program,
        } = self;
        let example = &variant.example;
        mutant.of(&fs::read_to_string(example.main())?)?;
        let program = program.as_ref();
        let program = program.ok_or("it does not compile, as is told above")?;
        let contract = variant.read()?;
        let subject = Subject::variant(example, program, &contract);
        let mut told = BTreeMap::new();
        for seed in 0..RUNS {
            let explored = subject.explore(subject.schedule(seed))?;
            let broken = match explored.verdict {
                Verdict::Kept(_) => "nothing".to_owned(),
                Verdict::Broken(violation) => violation.promise().to_owned(),
            };
            if broken == *promise {
                let run = seed + 1;
                return Ok(format!("{promise}: {}, run {run}", mutant.name));
            }
            *told.entry(broken).or_insert(0) += 1;
        }
        let mut survived =
            format!("`{promise}` is never the first to be broken\n");
        for (name, times) in told {
            writeln!(survived, "{times} of {RUNS} runs break {name}")?;
        }
        Err(survived.into())
    }
}
