//! What two runs have in common, and what tells them apart.

use contract::{Contract, Ending, Run, Shape, Verdict};

fn shape(source: &str, output: &[&str]) -> Shape {
    let contract = Contract::parse(source, "test.contract")
        .unwrap_or_else(|faults| panic!("{}", faults[0]));
    let run = Run::saved(&output.join("\n"), Ending::Exited(0));
    match contract.judge(&run) {
        Verdict::Kept(report) => report.shape,
        Verdict::Broken(violation) => panic!("{violation}"),
    }
}

fn assert_alike(source: &str, one: &[&str], other: &[&str]) {
    assert_eq!(shape(source, one), shape(source, other));
}

fn assert_differ(source: &str, one: &[&str], other: &[&str]) {
    assert_ne!(shape(source, one), shape(source, other));
}

#[test]
fn what_is_open_is_the_programs() {
    let source = "main:\n  | {{{p:pid}}} {f:float} {n} <{_}>\n";
    let shown = shape(source, &["{17} 0.5 Tom <{}>"]).to_string();
    assert_eq!(shown, "{{{p}}} {f} {n} <{_}>\n");
    assert_alike(source, &["{1} 1 a <>"], &["{2} 2 b <c>"]);
}

#[test]
fn the_order_of_the_lines_stays() {
    let source = "w(i=0 1):\n  | {i} takes {n:int}\n";
    let (one, other) = (["0 takes 5", "1 takes 6"], ["1 takes 6", "0 takes 5"]);
    assert_differ(source, &one, &other);
    assert_alike(source, &one, &["0 takes 7", "1 takes 7"]);
}

#[test]
fn instances_of_open_keys_are_numbered_as_they_appear() {
    let source = "v ×1 (p:pid):\n  | v {p}\nw ×2 (p:pid):\n  ×2 | w {p}\n";
    let one = ["w 7", "v 7", "w 8", "w 7", "w 8"];
    let shown = shape(source, &one).to_string();
    assert_eq!(shown, "w {p 1}\nv {p 1}\nw {p 2}\nw {p 1}\nw {p 2}\n");
    assert_alike(source, &one, &["w 8", "v 9", "w 7", "w 8", "w 7"]);
    assert_differ(source, &one, &["w 7", "v 7", "w 8", "w 8", "w 7"]);
}

#[test]
fn closed_values_stay_with_a_name_and_without() {
    for hole in ["{v=a b}", "{_=a b}"] {
        let source = format!("main:\n  | {hole}\n");
        assert_differ(&source, &["a"], &["b"]);
        assert_eq!(shape(&source, &["a"]).to_string(), "a\n");
    }
    let source = "main:\n  | {_:perm(1 2)}\n";
    assert_differ(source, &["1, 2"], &["2, 1"]);
}

#[test]
fn a_counter_stays_unless_it_counts_what_is_open() {
    let closed = "main:\n  * | {who=Tom Jerry} {i=0..}\n";
    assert_eq!(shape(closed, &["Tom 0"]).to_string(), "Tom 0\n");
    let open = "main:\n  * | {who:word} {i=0..}\n";
    assert_alike(open, &["Tom 0", "Tom 1"], &["Tom 0", "Jerry 0"]);
}
