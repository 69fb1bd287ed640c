//! Which example, which variants of it, and which program is meant.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;
use contract::Contract;
use ex::catalogue::{Example, Variant, examples};
use ex::exploration::Subject;
use ex::names::find;
use ex::programs::build_one;

use super::{Result, Trouble, quoted};

#[derive(Args)]
pub(crate) struct Selection {
    /// The example: its number, its name, or words of a title
    #[arg(required = true)]
    name: Vec<String>,

    /// Only this variant: the name of one of the contracts. What is not the
    /// example's own is judged by `default`
    #[arg(long, value_name = "V")]
    variant: Option<String>,

    /// A program of your own instead of the example's, and its arguments
    #[arg(last = true)]
    program: Vec<OsString>,
}

/// What is run.
pub(crate) enum Program {
    /// The binary of the example.
    Example(PathBuf),
    /// The reader's.
    Own {
        program: OsString,
        arguments: Vec<OsString>,
    },
}

impl Program {
    /// What is run for a variant: the reader's own program as it is, the
    /// example's with the flags of its contract.
    pub(crate) fn subject<'a>(
        &self,
        example: &Example,
        contract: &'a Contract,
    ) -> Subject<'a> {
        match self {
            Self::Example(path) => Subject::variant(example, path, contract),
            Self::Own { program, arguments } => Subject {
                program: program.clone(),
                arguments: arguments.clone(),
                contract,
                patient: example.is_patient(),
            },
        }
    }
}

impl Selection {
    pub(crate) fn example(&self) -> Result<Example> {
        Ok(find(&examples()?, &self.name.join(" "))?.clone())
    }

    /// The variants that are meant: all, if none is named.
    pub(crate) fn variants(&self, example: &Example) -> Result<Vec<Variant>> {
        let default = self.is_own().then_some(Variant::DEFAULT);
        match self.variant.as_deref().or(default) {
            Some(wanted) => Ok(vec![named(example, wanted)?]),
            None => Ok(example.variants()?),
        }
    }

    /// The one variant that is meant.
    pub(crate) fn variant(&self, example: &Example) -> Result<Variant> {
        let wanted = self.variant.as_deref().unwrap_or(Variant::DEFAULT);
        named(example, wanted)
    }

    /// The program, built if it is the example's.
    pub(crate) fn program(&self, example: &Example) -> Result<Program> {
        Ok(match &self.program[..] {
            [program, arguments @ ..] => Program::Own {
                program: program.clone(),
                arguments: arguments.to_owned(),
            },
            [] => Program::Example(build_one(&example.package)?),
        })
    }

    pub(crate) fn is_own(&self) -> bool {
        !self.program.is_empty()
    }

    /// The reader's own program, as it stands at the end of a command.
    pub(crate) fn own(&self) -> String {
        let words = self.program.iter().map(|word| word.to_string_lossy());
        let words: String =
            words.map(|word| " ".to_owned() + &quoted(&word)).collect();
        if words.is_empty() {
            return words;
        }
        format!(" --{words}")
    }
}

fn named(example: &Example, wanted: &str) -> Result<Variant> {
    let variants = example.variants()?;
    let names: Vec<_> = variants.iter().map(|it| it.name.clone()).collect();
    let found = variants.into_iter().find(|variant| variant.name == wanted);
    found.ok_or_else(|| {
        let name = example.short_name();
        let names = names.join(", ");
        Trouble::Usage(format!(
            "{name} has no variant '{wanted}'; it has {names}"
        ))
    })
}
