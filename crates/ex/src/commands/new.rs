//! `cargo ex new 3-13`: the skeleton of an example.

use anstream::println;
use clap::Args;
use ex::Error;
use ex::catalogue::{examples, root};
use ex::skeleton::{Group, Skeleton};

use super::{Result, Trouble};

const EXAMPLES: &str = "\
Examples:
  cargo ex new 3-13 --group sync --title Barrier --title-zh 屏障
  cargo ex new read-write-lock --group threads";

/// Make the skeleton of an example, which builds and keeps its contract
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The example's number in the text, or its name
    #[arg(value_name = "NUMBER-OR-NAME")]
    name: String,

    /// What it is about; this tells its folder
    #[arg(long, value_enum, default_value = "processes")]
    group: Group,

    /// Its English title
    #[arg(long, default_value = "Untitled", value_parser = title)]
    title: String,

    /// The text's own title
    #[arg(long, default_value = "无题", value_parser = title)]
    title_zh: String,
}

fn title(text: &str) -> Result<String, String> {
    if text.contains(['"', '\\', '\n']) {
        let wrong = "a title has no quotation marks and no backslashes";
        return Err(wrong.to_owned());
    }
    Ok(text.to_owned())
}

pub(crate) fn run(arguments: &Arguments) -> Result {
    let Arguments {
        name,
        group,
        title,
        title_zh,
    } = arguments;
    let skeleton = Skeleton::new(name, *group, [title_zh, title], &examples()?);
    let written = skeleton.and_then(|it| it.write()).map_err(usage)?;
    let root = root();
    for path in written {
        println!("{}", path.strip_prefix(&root).unwrap_or(&path).display());
    }
    println!(
        "\nNow write the program, its contract and its titles, and try it:\n\
         \n    cargo ex check {name}\n\
         \nand write the README's table anew:\n\
         \n    UPDATE=1 cargo test -p golden --test readme"
    );
    Ok(true)
}

/// Another name would help.
fn usage(error: Error) -> Trouble {
    match error {
        Error::Exists(_) | Error::Name(_) => Trouble::Usage(error.to_string()),
        error => Trouble::Failed(error),
    }
}
