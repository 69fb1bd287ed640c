//! Every `tests/mistakes/*.contract` is refused with the messages beside it.

use std::fs;
use std::path::Path;

use contract::Contract;

#[test]
fn mistakes_are_explained() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mistakes");
    let mut seen = 0;
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("it can be listed").path();
        if path
            .extension()
            .is_none_or(|extension| extension != "contract")
        {
            continue;
        }
        let name = path.file_name().expect("it has a name").to_string_lossy();
        let source = fs::read_to_string(&path).expect("it can be read");
        let faults = Contract::parse(&source, &name)
            .expect_err(&format!("{name} has a mistake"));
        let messages: Vec<String> =
            faults.iter().map(ToString::to_string).collect();
        let expected = fs::read_to_string(path.with_extension("txt"))
            .expect("the messages stand beside it");
        assert_eq!(messages.join("\n"), expected, "{name}");
        seen += 1;
    }
    assert!(seen > 0, "there are mistakes to look at");
}

#[test]
fn a_mistake_knows_its_place() {
    let source = "主进程:\n  | 结束\n主进程 before 结果  # 汇合\n";
    let faults = Contract::parse(source, "x").expect_err("no such label");
    let [fault] = faults.as_slice() else {
        panic!("one mistake, not {}", faults.len());
    };
    assert_eq!((fault.line(), fault.column()), (3, 12));
    assert_eq!(fault.message(), "`结果` is neither a label nor an actor");
}
