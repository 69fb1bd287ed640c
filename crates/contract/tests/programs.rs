//! Every folder of `tests/programs` is a contract with legal outputs, which
//! keep it, and illegal ones, each with the violation that it shows.

use std::fs;
use std::path::{Path, PathBuf};

use contract::{Contract, Ending, Exit, Run, Verdict};

fn list(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder can be listed");
    entries
        .map(|entry| entry.expect("an entry").path())
        .collect()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn check(contract: &Contract, output: &Path) {
    let name = output.file_stem().expect("a name").to_string_lossy();
    let ending = match contract.exit() {
        Exit::Code(code) => Ending::Exited(code),
        Exit::Blocked => Ending::Blocked,
    };
    let verdict = contract.judge(&Run::saved(&read(output), ending));
    match verdict {
        Verdict::Kept(_) if name.starts_with("legal") => {}
        Verdict::Broken(violation) if name.starts_with("illegal") => {
            let expected = read(&output.with_extension("txt"));
            let shown = violation.to_string();
            assert_eq!(shown, expected, "{}:\n{shown}", output.display());
        }
        Verdict::Kept(_) => panic!("{} was accepted", output.display()),
        Verdict::Broken(violation) => {
            panic!("{} was refused: {violation}", output.display());
        }
    }
}

#[test]
fn outputs_are_told_apart() {
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs");
    let mut seen = 0;
    for folder in list(&programs) {
        let name = "program.contract";
        let contract = Contract::parse(&read(&folder.join(name)), name)
            .unwrap_or_else(|faults| panic!("{}", faults[0]));
        for output in list(&folder) {
            if output.extension().is_some_and(|it| it == "out") {
                check(&contract, &output);
                seen += 1;
            }
        }
    }
    assert!(seen > 0, "there are outputs to look at");
}

#[test]
fn no_picture_is_wider_than_a_hundred_columns() {
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs");
    let texts = list(&programs).into_iter().flat_map(|folder| list(&folder));
    for text in texts.filter(|it| it.extension().is_some_and(|e| e == "txt")) {
        let shown = read(&text);
        let picture = shown.split("\n\n").nth(1).expect("it has a picture");
        for line in picture.lines() {
            let width = unicode_width::UnicodeWidthStr::width(line);
            assert!(width <= 100, "{}: {line}", text.display());
        }
    }
}
