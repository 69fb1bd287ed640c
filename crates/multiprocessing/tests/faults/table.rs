//! The table, as Markdown.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{env, fs};

use crate::row::{Had, Millis, Row};
use crate::{DOCUMENT, run};

const INTRODUCTION: &str = "\
# What happens when something is killed or missing

Each line is a fault, made on purpose: somebody gets SIGKILL at the wrong
moment, or there is too little of something. *Here* tells what the survivors
have of this library, *CPython* what they have of the `multiprocessing` of
Python: that the call goes on, or an error. Beside it stand milliseconds from
the fault to that outcome, the median and the most. \"Waits for ever\" is what
did not come back within 2 seconds, once at least.

`scripts/faults` prints this table as it is on your machine, `UPDATE=1
scripts/faults` writes it here, and `cargo test -p multiprocessing --test
faults` sees that each line of ours comes to an end.
";

/// Prints the table; with `UPDATE=1`, puts it into the document.
pub(crate) fn write(rows: &[Row], rounds: usize) {
    let mut text = format!("{INTRODUCTION}\n");
    let python = python();
    let _ = writeln!(text, "{}\n", machine(rounds, python.as_deref()));
    text += "| what happens | to | here | ms | CPython | ms |\n";
    text += "|---|---|---|--:|---|--:|\n";
    for row in rows {
        eprintln!("{} {}", row.object, row.fault);
        let here = ours(row, rounds);
        let there = match &python {
            Some(_) => cpython(row, rounds),
            None => absent(),
        };
        let _ = writeln!(text, "{} {here} | {there} |", beginning(row));
    }
    text += "\nWhat was measured:\n\n";
    for row in rows {
        let Row {
            object,
            fault,
            meaning,
            ..
        } = row;
        let _ = writeln!(text, "- **{object}, {fault}.** {meaning}");
    }
    print!("{text}");
    if env::var_os("UPDATE").is_some_and(|update| update == "1") {
        fs::create_dir_all(document().parent().unwrap_or(Path::new("")))
            .and_then(|()| fs::write(document(), &text))
            .expect("the document can be written");
    }
}

/// Whether the document has a line for each row, and no other one.
pub(crate) fn is_complete(rows: &[Row]) -> Result<(), String> {
    let text = fs::read_to_string(document()).map_err(|it| it.to_string())?;
    let advice = "write it anew: UPDATE=1 scripts/faults";
    for row in rows {
        let line = beginning(row);
        if !text.lines().any(|it| it.starts_with(&line)) {
            return Err(format!("{DOCUMENT} has no line {line}; {advice}"));
        }
    }
    // Those of the heading begin so, too.
    let lines = text.lines().filter(|line| line.starts_with('|')).count();
    if lines != rows.len() + 2 {
        return Err(format!("{DOCUMENT} has other lines, too; {advice}"));
    }
    Ok(())
}

fn document() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(DOCUMENT)
}

fn beginning(row: &Row) -> String {
    format!("| {} | {} |", row.fault, row.object)
}

fn absent() -> String {
    "| ".into()
}

/// Two cells: what came of it, and when.
fn ours(row: &Row, rounds: usize) -> String {
    if let Some(what) = (row.lacks)() {
        return format!("({what}) | ");
    }
    let all = (0..rounds).map(|_| run::ours(row));
    match all.collect::<Result<Vec<_>, _>>() {
        Ok(all) => cells(&all, false),
        Err(output) => panic!("{}: {output}", row.name),
    }
}

fn cpython(row: &Row, rounds: usize) -> String {
    if (row.lacks)().is_some() {
        return absent();
    }
    let mut all = Vec::new();
    for _ in 0..rounds {
        match run::cpython(row) {
            Ok(Some(had)) => all.push(had),
            // Once is enough.
            Ok(None) => return cells(&all, true),
            Err(output) => panic!("{}: {output}", row.name),
        }
    }
    cells(&all, false)
}

fn cells(all: &[Had], hangs: bool) -> String {
    let mut kinds: BTreeSet<_> = all.iter().map(|had| &had.what[..]).collect();
    if hangs {
        kinds.insert("**waits for ever**");
    }
    let kinds: Vec<_> = kinds.into_iter().collect();
    let mut times: Vec<Duration> = all.iter().map(|had| had.after).collect();
    times.sort();
    let times = match &times[..] {
        [] => String::new(),
        [.., most] => {
            let median = Millis(times[times.len() / 2]);
            format!("{median} / {}", Millis(*most))
        }
    };
    format!("{} | {times}", kinds.join(" or "))
}

/// The version of CPython, if it is here.
fn python() -> Option<String> {
    let output = Command::new("python3").arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim().strip_prefix("Python ")?.into())
}

/// On what it was measured.
fn machine(rounds: usize, python: Option<&str>) -> String {
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease");
    let kernel = kernel.unwrap_or_default();
    let mut numbers = kernel.split('.');
    let mut next = || numbers.next().unwrap_or("?");
    let (major, minor) = (next(), next());
    let processors = multiprocessing::cpu_count();
    let python = match python {
        Some(version) => format!("CPython {version}"),
        None => "no CPython".into(),
    };
    format!(
        "Measured in {rounds} rounds a line, with {processors} processors, \
         Linux {major}.{minor} and {python}."
    )
}
