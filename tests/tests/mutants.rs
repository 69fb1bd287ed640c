//! Every rule against the mistakes that it is there to tell: each mutant must
//! be killed by the rule that it says it breaks, as the first that is broken
//! in some run, and each rule that may not fail must kill a mutant.
//!
//! At the end stands for each rule which mutant it killed, and in which run.
//! `GOLDEN_SEED=n` repeats all of them with the same seeds.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use contract::{Contract, Kind, Verdict, Violation};
use ex::catalogue::{Example, examples, root};
use golden::chance::seed;
use golden::mutants::{Mutant, hard_rules, mutants};
use golden::scratch::{self, Source};
use ex::watch::{Watch, watch};
use libtest_mimic::{Arguments, Failed, Trial};

/// How often a mutant is run until it counts as a survivor.
const RUNS: u64 = 40;
/// How long a second of the examples is, in turn: long enough for the rules
/// that speak of times, and so short that any order may come.
const PACES: [f64; 2] = [0.1, 0.001];
const DEADLINE: Duration = Duration::from_secs(10);
/// How many mutants are run at a time. They sleep most of the time.
const AT_ONCE: usize = 4;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
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
    let seed = seed()?;
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
        let program = programs.get(&binary(example, &mutant)).cloned();
        for (variant, rule) in &mutant.breaks {
            let hunt = Hunt {
                example: example.clone(),
                mutant: mutant.clone(),
                variant: variant.clone(),
                rule: rule.clone(),
                program: program.clone(),
                seed,
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

/// That the mutants of an example speak of rules that there are, and that each
/// rule that may not fail has one.
fn coverage(example: &Example, mutants: Vec<Mutant>) -> Trial {
    let example = example.clone();
    Trial::test(format!("{}::rules", example.package), move || {
        let mut complaints = String::new();
        for path in example.contracts()? {
            let variant = stem(&path);
            let contract = parse(&path)?;
            let rules: BTreeSet<_> = hard_rules(&contract).collect();
            let broken =
                mutants.iter().filter_map(|it| it.breaks.get(&variant));
            let broken: BTreeSet<_> = broken.map(String::as_str).collect();
            for rule in rules.difference(&broken) {
                writeln!(complaints, "{variant}: no mutant breaks `{rule}`")?;
            }
            for rule in broken.difference(&rules) {
                if !OTHERS.contains(rule) {
                    writeln!(complaints, "{variant}: no rule is `{rule}`")?;
                }
            }
        }
        if complaints.is_empty() {
            return Ok(());
        }
        Err(complaints.into())
    })
}

fn stem(contract: &Path) -> String {
    let stem = contract.file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

fn parse(path: &Path) -> Result<Contract, Failed> {
    let shown = path.strip_prefix(root())?.display().to_string();
    let contract = Contract::parse(&fs::read_to_string(path)?, &shown);
    contract.map_err(|faults| {
        let faults = faults.iter().map(ToString::to_string);
        faults.collect::<Vec<_>>().join("\n").into()
    })
}

/// A mutant, and the rule of a variant that is to kill it.
struct Hunt {
    example: Example,
    mutant: Mutant,
    variant: String,
    rule: String,
    program: Option<PathBuf>,
    seed: u64,
}

impl Hunt {
    fn trial(self, kills: Kills) -> Trial {
        let example = format!("{}::{}", self.example.package, self.variant);
        let name = format!("{example}::{}", self.mutant.name);
        Trial::test(name, move || {
            let kill = self.kill()?;
            let mut kills = lock(&kills);
            kills.entry(example).or_default().insert(kill);
            Ok(())
        })
    }

    /// Runs the mutant until the rule kills it; tells when that was.
    fn kill(&self) -> Result<String, Failed> {
        let original = fs::read_to_string(self.example.main())?;
        self.mutant.of(&original)?;
        let program = self.program.as_ref();
        let program = program.ok_or("it does not compile, as is told above")?;
        let file = format!("{}.contract", self.variant);
        let path = self.example.folder.join(file);
        if !path.exists() {
            return Err(format!("there is no {}", path.display()).into());
        }
        let contract = parse(&path)?;
        let pace = self.example.about.minimum_pace;
        let mut told = BTreeMap::new();
        for run in 1..=RUNS {
            let seed = self.seed.wrapping_add(run);
            let name = match judged_run(program, &contract, pace, seed)? {
                Verdict::Kept(_) => "nothing".to_owned(),
                Verdict::Broken(violation) => broken_name(&violation),
            };
            if name == self.rule {
                let name = &self.mutant.name;
                let rule = &self.rule;
                return Ok(format!("{rule}: {name}, run {run}, seed {seed}"));
            }
            *told.entry(name).or_insert(0) += 1;
        }
        let mut survived =
            format!("`{}` is never the first to be broken\n", self.rule);
        for (name, times) in told {
            writeln!(survived, "{times} of {RUNS} runs break {name}")?;
        }
        Err(survived.into())
    }
}

/// Runs a mutant once.
fn judged_run(
    program: &Path,
    contract: &Contract,
    minimum_pace: f64,
    seed: u64,
) -> io::Result<Verdict> {
    let pace = PACES[usize::from(seed.is_multiple_of(2))].max(minimum_pace);
    let mut command = Command::new(program);
    command
        .args(contract.flags())
        .env("LESSON_PACE", pace.to_string())
        .env("LESSON_SEED", seed.to_string())
        .env_remove("RUST_BACKTRACE");
    let how = Watch {
        deadline: DEADLINE,
        pace,
        until_blocked: true,
    };
    let sight = watch(&mut command, how)?;
    Ok(contract.judge(&sight.run))
}

/// What can be broken besides rules.
const OTHERS: [&str; 6] =
    ["unknown", "value", "order", "missing", "exit", "stderr"];

fn broken_name(violation: &Violation) -> String {
    let name = match violation.kind() {
        Kind::Rule => {
            return violation
                .broken()
                .map(|it| it.text.clone())
                .unwrap_or_default();
        }
        Kind::Unknown => "unknown",
        Kind::Value => "value",
        Kind::Order => "order",
        Kind::Missing => "missing",
        Kind::Ending => "exit",
        Kind::Stderr => "stderr",
    };
    name.to_owned()
}
