//! `cargo ex`: the examples.

use anstream::println;
use ex::catalogue::{About, examples};
use ex::columns::align;

use super::Result;
use super::style::{BOLD, FAINT, styled};

pub(crate) fn run() -> Result {
    let rows: Vec<Vec<String>> = examples()?
        .iter()
        .map(|example| {
            let About {
                number,
                title,
                title_zh,
                section,
                ..
            } = example.about.clone();
            let command = format!("cargo ex {}", example.short_name());
            vec![number, title_zh, title, section, command]
        })
        .collect();
    for row in align(&rows) {
        let [number, title_zh, title, section, command] = &row[..] else {
            continue;
        };
        let number = styled(BOLD, number);
        let section = styled(FAINT, section);
        println!("{number}{title_zh}{title}{section}{command}");
    }
    Ok(true)
}
