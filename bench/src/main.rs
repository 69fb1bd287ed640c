//! What the project's operations cost: beside CPython's, beside those of other
//! crates, and beside the least that the machine needs for the same.

mod chart;
mod growth;
mod item;
mod items;
mod raw;
mod report;
mod rounds;

use std::error::Error;
use std::path::PathBuf;

use clap::Parser;

use crate::item::{Item, Run, Side, Who};
use crate::report::Row;

/// Measures everything, or the items that are named.
#[derive(Parser)]
struct Flags {
    /// Items: those whose names begin with one of these
    names: Vec<String>,
    /// List the items, and measure nothing
    #[arg(long)]
    list: bool,
    /// How many rounds each item has
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Measure how costs grow with parties and sizes, too
    #[arg(long)]
    growth: bool,
    /// Where to write table.md, table.json and the charts
    #[arg(long)]
    out: Option<PathBuf>,
    /// Run one side of one item, and print what it took
    #[arg(long, num_args = 2, value_names = ["ITEM", "SIDE"], hide = true)]
    side: Option<Vec<String>>,
    /// Run our side of one item, and print what it took
    #[arg(long, value_name = "ITEM", hide = true)]
    ours: Option<String>,
    /// Run one point of a curve, and print what it took
    #[arg(long, num_args = 2, value_names = ["CURVE", "X"], hide = true)]
    point: Option<Vec<String>>,
}

fn main() -> Result<(), Box<dyn Error>> {
    // It forks itself, and must be called before all else.
    procspawn::init();
    let flags = Flags::parse();
    if let Some([item, by]) = flags.side.as_deref() {
        println!("{}", run_side(item, |side| side.by == by)?);
        return Ok(());
    }
    if let Some(item) = flags.ours.as_deref() {
        println!("{}", run_side(item, |side| side.who == Who::Ours)?);
        return Ok(());
    }
    if let Some([curve, x]) = flags.point.as_deref() {
        println!("{}", growth::run_point(curve, x.parse()?)?);
        return Ok(());
    }
    let wanted = |item: &&Item| {
        let mut names = flags.names.iter();
        flags.names.is_empty() || names.any(|it| item.name.starts_with(it))
    };
    let chosen: Vec<_> = items::all().into_iter().filter(wanted).collect();
    if chosen.is_empty() {
        return Err("no item has such a name; --list tells them".into());
    }
    if flags.list {
        for item in chosen {
            println!("{:28} {}", item.name, item.what);
        }
        return Ok(());
    }
    let mut rows = Vec::new();
    println!("{}", report::HEADER);
    for item in chosen {
        let row = Row::new(item, rounds::measure(item, flags.rounds)?);
        println!("{row}");
        rows.push(row);
    }
    println!("\n{}", report::summary(&rows));
    if let Some(folder) = &flags.out {
        report::write(folder, &rows)?;
        chart::bars(&folder.join("table.svg"), &rows)?;
    }
    if flags.growth {
        growth::measure(flags.rounds, flags.out.as_deref())?;
    }
    Ok(())
}

fn run_side(
    name: &str,
    is_it: impl Fn(&Side) -> bool,
) -> Result<f64, Box<dyn Error>> {
    let items = items::all();
    let item = items.iter().find(|it| it.name == name);
    let mut sides = item.into_iter().flat_map(|item| item.sides);
    let side = sides.find(|side| is_it(side)).ok_or("no such side")?;
    match side.run {
        Run::Here(run) => run(),
        Run::Python(_) => Err("python3 runs it".into()),
    }
}
