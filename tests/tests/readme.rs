//! The README says what is so.

use std::error::Error;
use std::{env, fs};

use ex::catalogue::{examples, root};
use golden::readme::{table, with_table};

type Result<T = (), E = Box<dyn Error>> = std::result::Result<T, E>;

fn readme() -> Result<String> {
    Ok(fs::read_to_string(root().join("README.md"))?)
}

/// `UPDATE=1 cargo test -p golden --test readme` writes the table anew.
#[test]
fn its_table_is_made_from_the_manifests() -> Result {
    let readme = readme()?;
    let right = with_table(&readme, &table(&examples()?))
        .ok_or("the README does not mark the place of its table")?;
    if env::var_os("UPDATE").is_some() {
        fs::write(root().join("README.md"), &right)?;
        return Ok(());
    }
    assert!(
        readme == right,
        "the table differs from the manifests; to write it anew: \
         UPDATE=1 cargo test -p golden --test readme"
    );
    Ok(())
}

#[test]
fn the_contract_it_shows_is_the_one_of_ex3_2() -> Result {
    let folder = "examples-processes/ex3-02-create-processes";
    let path = root().join(folder).join("default.contract");
    let contract = fs::read_to_string(path)?;
    assert!(
        readme()?.contains(&contract),
        "the README shows another one"
    );
    Ok(())
}
