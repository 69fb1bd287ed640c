//! The mutants of the examples: programs with one mistake each, made on
//! purpose, which a rule of a contract must tell.
//!
//! They stand beside the contracts, in `mutants.toml`:
//!
//! ```toml
//! [[mutant]]
//! name = "no-join"
//! replace = "child_proc.join()?;"   # exactly once in src/main.rs
//! with = ""
//! breaks.default = "done before joined"
//! ```

use std::collections::BTreeMap;
use std::fs;
use std::io;

use serde::Deserialize;

use ex::catalogue::Example;

/// One mistake.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mutant {
    /// What it is called: no other mutant of the example is called so.
    pub name: String,
    /// What the program says, exactly once.
    pub replace: String,
    /// What it says instead.
    pub with: String,
    /// By the variant, which is the name of a contract's file: the rule that
    /// is the first to be broken.
    pub breaks: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mutants {
    mutant: Vec<Mutant>,
}

/// The mutants of an example.
///
/// # Errors
/// If its `mutants.toml` cannot be read; the message names it.
pub fn mutants(example: &Example) -> io::Result<Vec<Mutant>> {
    let path = example.folder.join("mutants.toml");
    let fault = |error: &dyn std::error::Error| {
        io::Error::other(format!("{}: {error}", path.display()))
    };
    let text = fs::read_to_string(&path).map_err(|error| fault(&error))?;
    let Mutants { mutant } =
        toml::from_str(&text).map_err(|error| fault(&error))?;
    Ok(mutant)
}

impl Mutant {
    /// The program with the mistake.
    ///
    /// # Errors
    /// If `program` does not say what is to be replaced, or says it more than
    /// once.
    pub fn of(&self, program: &str) -> Result<String, String> {
        let times = program.matches(&self.replace).count();
        if times != 1 {
            return Err(format!(
                "src/main.rs has the text of `replace` {times} times; it must \
                 have it exactly once:\n{}",
                self.replace
            ));
        }
        Ok(program.replacen(&self.replace, &self.with, 1))
    }
}

#[cfg(test)]
mod tests {
    use super::Mutant;

    fn mutant(replace: &str) -> Mutant {
        Mutant {
            name: "no-join".into(),
            replace: replace.into(),
            with: "wait".into(),
            breaks: [].into(),
        }
    }

    #[test]
    fn what_stands_once_is_replaced() {
        let mutated = mutant("join").of("start; join; end");
        assert_eq!(mutated.as_deref(), Ok("start; wait; end"));
    }

    #[test]
    fn what_stands_nowhere_or_twice_is_an_error() {
        assert!(mutant("join").of("start; end").is_err());
        assert!(mutant("join").of("join; join").is_err());
    }
}
