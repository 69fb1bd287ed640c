//! What programs print, and programs that cannot be started.

use std::fs::{self, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;

use explore::{Error, Program, explore};

use crate::harness::{Test, list};
use crate::support::{command, fair, lines, lines_of, program, run, shell};

pub(crate) const TESTS: &[Test] = list![
    the_last_line_may_have_no_end,
    a_line_may_be_long,
    a_megabyte_may_be_printed_at_once,
    a_line_belongs_to_the_one_who_began_it,
    bytes_need_not_be_text,
    stderr_is_kept,
    output_goes_where_the_program_sends_it,
    stdout_is_a_terminal_and_stdin_empty,
    variables_and_folder_are_those_of_the_program,
    a_program_may_not_be_there,
    a_program_may_not_be_executable,
    an_interpreter_may_not_be_there,
    a_folder_may_not_be_there,
];
pub(crate) const PROGRAMS: &[Test] = list![a_megabyte, parts];

fn the_last_line_may_have_no_end() {
    assert_eq!(lines_of(&shell("printf 'a\\n\\nb'")), ["a", "", "b"]);
}

fn a_line_may_be_long() {
    let lines = lines_of(&shell("printf %0100000d 7; echo"));
    assert_eq!(lines, ["0".repeat(99_999) + "7"]);
}

fn a_megabyte() {
    let text = "x".repeat(999_999);
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes()).expect("somebody reads");
    stdout.write_all(b"\ny\n").expect("somebody reads");
}

fn a_megabyte_may_be_printed_at_once() {
    let lines = lines_of(&program("a_megabyte", &[]));
    let lengths: Vec<_> = lines.iter().map(String::len).collect();
    assert_eq!(lengths, [999_999, 1]);
}

fn parts() {
    let parts = ["a ", "b", "", "\nc", "\n"];
    let parts = parts.map(|part| std::io::IoSlice::new(part.as_bytes()));
    let mut file = fs::File::create("/dev/stdout").expect("it is there");
    let count = file.write_vectored(&parts).expect("somebody reads");
    println!("{count}");
}

fn a_line_belongs_to_the_one_who_began_it() {
    assert_eq!(lines_of(&program("parts", &[])), ["a b", "c", "6"]);
    let script = "printf 'one '; (printf two); echo; sleep 1; (echo three)";
    let trace = run(&shell(script), &fair(1));
    let who = trace.events.iter().filter_map(|event| match &event.what {
        explore::What::Printed(line) => Some((event.task, line.as_str())),
        _ => None,
    });
    let who: Vec<_> = who.collect();
    let (last, _) = *who.last().expect("something was printed");
    assert_eq!(who, [(0, "one two"), (last, "three")]);
    assert_ne!(last, 0);
}

fn bytes_need_not_be_text() {
    let lines = lines_of(&shell("printf 'a\\377b\\r\\n'"));
    assert_eq!(lines, ["a\u{fffd}b\r"]);
}

fn stderr_is_kept() {
    let trace =
        run(&shell("echo one >&2; (printf two) >&2; echo out"), &fair(1));
    assert_eq!(trace.stderr, "one\ntwo");
    assert_eq!(lines(&trace), ["out"]);
}

fn output_goes_where_the_program_sends_it() {
    let script =
        "echo $(echo captured); echo lost > /dev/null; echo x | tr x y";
    assert_eq!(lines_of(&shell(script)), ["captured", "y"]);
}

fn stdout_is_a_terminal_and_stdin_empty() {
    let script = "test -t 1 && echo terminal; test -t 0 || echo none; cat";
    assert_eq!(lines_of(&shell(script)), ["terminal", "none"]);
}

fn variables_and_folder_are_those_of_the_program() {
    let set = ("GREETING".into(), Some("hello world".into()));
    let removed = ("PATH".into(), None);
    let told = Program {
        variables: vec![set, removed],
        folder: Some("/usr".into()),
        ..command(&["sh", "-c", "echo $GREETING; echo $EXPLORED; pwd"])
    };
    assert_eq!(lines_of(&told), ["hello world", "1", "/usr"]);
}

#[track_caller]
fn assert_does_not_start(program: &Program, expected: ErrorKind) {
    match explore(program, &fair(1)) {
        Err(Error::Start { source, .. }) => {
            assert_eq!(source.kind(), expected);
        }
        other => panic!("{other:?}"),
    }
}

fn a_program_may_not_be_there() {
    let missing = ErrorKind::NotFound;
    assert_does_not_start(&command(&["/does/not/exist"]), missing);
    assert_does_not_start(&command(&["does-not-exist"]), missing);
    assert_does_not_start(&command(&[]), missing);
}

fn a_program_may_not_be_executable() {
    let denied = ErrorKind::PermissionDenied;
    assert_does_not_start(&command(&["/etc/passwd"]), denied);
}

fn an_interpreter_may_not_be_there() {
    let path = concat!(env!("CARGO_TARGET_TMPDIR"), "/no-interpreter");
    fs::write(path, "#!/does/not/exist\n").expect("the disk has room");
    let executable = Permissions::from_mode(0o755);
    fs::set_permissions(path, executable).expect("it is ours");
    assert_does_not_start(&command(&[path]), ErrorKind::NotFound);
}

fn a_folder_may_not_be_there() {
    let program = Program {
        folder: Some("/does/not/exist".into()),
        ..shell("true")
    };
    assert_does_not_start(&program, ErrorKind::NotFound);
}
