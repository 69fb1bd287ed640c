//! What the README says of the examples.

use ex::catalogue::Example;

/// The line above the table of the examples.
pub const BEGIN: &str = "<!-- examples: made from the manifests -->";
/// The line below it.
pub const END: &str = "<!-- end of examples -->";

/// The table of the examples, one a row.
#[must_use]
pub fn table(examples: &[Example]) -> String {
    let head = "\
| 例 | 标题 | title | section | run | Python |
|---|---|---|---|---|---|
";
    examples
        .iter()
        .map(row)
        .fold(head.to_owned(), |table, row| table + &row)
}

fn row(Example { package, about, .. }: &Example) -> String {
    let python = about.python.join("`, `");
    format!(
        "| {} | {} | {} | {} | `cargo run -p {package}` | `{python}` |\n",
        about.number, about.title_zh, about.title, about.section,
    )
}

/// `readme` with `table` in its place; none if the place is not marked.
#[must_use]
pub fn with_table(readme: &str, table: &str) -> Option<String> {
    let (before, rest) = readme.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{table}{END}{after}"))
}
