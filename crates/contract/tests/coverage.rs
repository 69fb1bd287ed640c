//! What many runs have shown, what is left, and what a contract says of it.

use contract::{Contract, Coverage, Ending, Run, Verdict};

const SOURCE: &str = "\
a:
  put ×2 | put
b:
  got ×2 | got
always got <= put # put -> get
always put <= got + 2 # room for two
";

/// The gaps after these runs.
fn gaps(source: &str, runs: &[&str]) -> Vec<String> {
    let contract = Contract::parse(source, "test.contract")
        .unwrap_or_else(|faults| panic!("{}", faults[0]));
    let mut coverage = Coverage::new(&contract);
    for run in runs {
        let run = Run::saved(run, Ending::Exited(0));
        match contract.judge(&run) {
            Verdict::Kept(report) => coverage.add(&report),
            Verdict::Broken(violation) => panic!("{violation}"),
        }
    }
    coverage.gaps().iter().map(ToString::to_string).collect()
}

const PUT_FIRST: &str = "put\nput\ngot\ngot\n";
const IN_TURN: &str = "put\ngot\nput\ngot\n";

#[test]
fn a_gap_is_an_order_or_a_bound_that_no_run_showed() {
    let seen = gaps(SOURCE, &[PUT_FIRST]);
    assert_eq!(seen, ["`b: got` before `a: put` was never seen"]);
    let far = "`always put <= got + 2` was never at its bound: \
               closest after row 1, 1 and 2";
    assert_eq!(gaps(SOURCE, &[IN_TURN]), [far]);
    assert!(gaps(SOURCE, &[IN_TURN, PUT_FIRST]).is_empty());
    assert!(gaps(SOURCE, &[PUT_FIRST, IN_TURN]).is_empty());
}

#[test]
fn a_comment_explains_a_gap_until_it_is_needless() {
    let seen = format!("{SOURCE}# never seen: got before put  # slow\n");
    assert!(gaps(&seen, &[PUT_FIRST]).is_empty());
    let needless = "`# never seen: got before put` in line 7 is not needed";
    assert_eq!(gaps(&seen, &[PUT_FIRST, IN_TURN]), [needless]);
    let other = format!("{SOURCE}# never seen: put before got  # slow\n");
    assert_eq!(gaps(&other, &[PUT_FIRST]).len(), 2);
    let near =
        format!("{SOURCE}# never near: always  put <= got + 2 # in turn\n");
    assert!(gaps(&near, &[IN_TURN]).is_empty());
    assert_eq!(gaps(&near, &[IN_TURN, PUT_FIRST]).len(), 1);
}

#[test]
fn one_pair_of_instances_is_enough() {
    let source = "main:\n  wait | wait\nw(i=0 1):\n  did | {i}\n";
    assert!(gaps(source, &["0\nwait\n1\n"]).is_empty());
    assert_eq!(gaps(source, &["wait\n0\n1\n"]).len(), 1);
}

#[test]
fn an_explanation_is_known_by_its_text_and_its_reason() {
    let source = "# never seen: b before a # it sleeps\na:\n  | a\nb:\n  | b\n";
    let contract = Contract::parse(source, "x").expect("it is right");
    let [it] = contract.explained() else {
        panic!("one explanation");
    };
    assert_eq!(it.source.text, "never seen: b before a");
    assert_eq!(it.source.why.as_deref(), Some("it sleeps"));
    assert_eq!(it.source.line, 1);
}

#[test]
fn different_outputs_are_counted_once() {
    let contract = Contract::parse(SOURCE, "x").expect("it is right");
    let mut coverage = Coverage::new(&contract);
    for run in [PUT_FIRST, IN_TURN, PUT_FIRST] {
        let run = Run::saved(run, Ending::Exited(0));
        if let Verdict::Kept(report) = contract.judge(&run) {
            coverage.add(&report);
        }
    }
    assert_eq!(coverage.outputs().len(), 2);
}
