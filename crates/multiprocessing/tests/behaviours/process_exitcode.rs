//! What a target returns, or how it fails, and the exit code.

use std::fs;
use std::panic;

use multiprocessing::{Process, parent_process};

use crate::harness::{Test, list};
use crate::support::{
    in_child, is_told, joined, scratch, stderr_of, tell, told,
};

pub(crate) const TESTS: &[Test] = list![
    b022_a_closed_or_full_stdout_does_not_change_the_exit_code,
    b022_a_closed_stdin_is_no_trouble,
    b025_b028_a_panic_is_exit_code_1_and_told_on_stderr,
    b025_a_panic_is_told_once_in_every_generation,
    b026_what_the_target_returns_is_the_exit_code,
    b026_process_exit_works_in_a_child,
    b027_an_error_is_exit_code_1_and_its_text_on_stderr,
    b029_exit_codes_have_eight_bits,
    b039_unflushed_output_comes_out_once,
    a_panic_does_not_unwind_into_the_parents_code,
    a_panic_while_the_panic_is_thrown_away_does_not_unwind_either,
    a_start_while_the_parent_unwinds_works,
    an_abort_is_told_as_minus_sigabrt,
    a_stack_overflow_is_told_as_minus_sigabrt,
];

fn b022_a_closed_or_full_stdout_does_not_change_the_exit_code() {
    use nix::unistd::{close, dup2_stderr, dup2_stdout};
    let speak = || {
        println!("to nobody");
        eprintln!("to nobody");
    };
    let without_output = || {
        close(1).expect("it was open");
        close(2).expect("it was open");
    };
    let in_the_child = in_child(|| {
        without_output();
        speak();
    });
    assert_eq!(in_the_child, 0);

    let in_the_parent = in_child(|| {
        without_output();
        let exitcode = in_child(speak);
        speak();
        exitcode
    });
    assert_eq!(in_the_parent, 0);

    let full = in_child(|| {
        let full = fs::File::options().write(true).open("/dev/full");
        let full = full.expect("every Linux has one");
        dup2_stdout(&full).expect("stdout can be replaced");
        dup2_stderr(&full).expect("stderr can be replaced");
        print!("no line end, so written at the end only");
        in_child(|| print!("as above"))
    });
    assert_eq!(full, 0);
}

fn b022_a_closed_stdin_is_no_trouble() {
    let exitcode = in_child(|| {
        nix::unistd::close(0).expect("it was open");
        in_child(|| {
            let parent = parent_process().expect("it has one");
            assert!(parent.is_alive().expect("it can be asked"));
            let mut text = String::new();
            std::io::stdin().read_line(&mut text).expect("it is empty");
            assert_eq!(text, "");
            let file = fs::File::open("/dev/null").expect("it is there");
            let descriptor = std::os::fd::AsRawFd::as_raw_fd(&file);
            assert!(descriptor > 2, "{descriptor} was free");
        })
    });
    assert_eq!(exitcode, 0);
}

fn b025_b028_a_panic_is_exit_code_1_and_told_on_stderr() {
    let (text, exitcode) = stderr_of(|| panic!("no such luck"));
    assert_eq!(exitcode, 1);
    assert!(text.starts_with("Process Process-1:\n"), "{text}");
    assert!(text.contains("no such luck"), "{text}");
    assert!(text.contains(file!()), "{text}");
}

fn b025_a_panic_is_told_once_in_every_generation() {
    let (text, exitcode) = stderr_of(|| in_child(|| panic!("no such luck")));
    assert_eq!(exitcode, 1);
    assert!(text.starts_with("Process Process-1:1:\n"), "{text}");
    assert_eq!(text.matches("Process Process-").count(), 1, "{text}");
    assert_eq!(text.matches("no such luck").count(), 1, "{text}");
}

fn b026_what_the_target_returns_is_the_exit_code() {
    assert_eq!(in_child(|| 0), 0);
    assert_eq!(in_child(|| 8), 8);
    assert_eq!(in_child(|| ()), 0);
    assert_eq!(in_child(|| Ok::<_, String>(())), 0);
    assert_eq!(in_child(|| Ok::<_, String>(8)), 8);
}

fn b026_process_exit_works_in_a_child() {
    let path = scratch("output");
    let exitcode = in_child(|| {
        let file = fs::File::create(&path).expect("the disk has room");
        nix::unistd::dup2_stdout(&file).expect("stdout can be replaced");
        print!("flushed at the end");
        std::process::exit(3)
    });
    assert_eq!(exitcode, 3);
    let text = fs::read_to_string(path).expect("the child has made it");
    assert_eq!(text, "flushed at the end");
}

fn b027_an_error_is_exit_code_1_and_its_text_on_stderr() {
    let (text, exitcode) = stderr_of(|| Err::<(), _>("no such luck"));
    assert_eq!(exitcode, 1);
    assert_eq!(text, "Process Process-1:\nno such luck\n");
}

fn b029_exit_codes_have_eight_bits() {
    for (returned, told) in [(256, 0), (-1, 255), (257, 1), (255, 255)] {
        assert_eq!(in_child(|| returned), told);
    }
}

fn b039_unflushed_output_comes_out_once() {
    let path = scratch("output");
    let exitcode = in_child(|| {
        let file = fs::File::create(&path).expect("the disk has room");
        nix::unistd::dup2_stdout(&file).expect("stdout can be replaced");
        print!("parent, ");
        let child = in_child(|| print!("child, "));
        print!("parent");
        child
    });
    assert_eq!(exitcode, 0);
    let text = fs::read_to_string(path).expect("the child has made it");
    assert_eq!(text, "parent, child, parent");
}

/// Tells when it is dropped.
struct Guard(&'static str);

impl Drop for Guard {
    fn drop(&mut self) {
        tell(self.0, std::process::id());
    }
}

fn a_panic_does_not_unwind_into_the_parents_code() {
    let guard = Guard("the parent's");
    let exitcode = in_child(|| {
        let _own = Guard("the child's");
        panic!("no further than the child");
    });
    assert_eq!(exitcode, 1);
    assert!(is_told("the child's"), "its own code is unwound");
    assert!(!is_told("the parent's"));
    drop(guard);
    assert!(is_told("the parent's"));
}

fn a_panic_while_the_panic_is_thrown_away_does_not_unwind_either() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("the payload of the panic panics");
        }
    }
    let guard = Guard("the parent's");
    let exitcode = in_child(|| panic::panic_any(Bomb));
    assert_eq!(exitcode, 1);
    assert!(!is_told("the parent's"));
    drop(guard);
}

fn a_start_while_the_parent_unwinds_works() {
    struct StartsWhenDropped;
    impl Drop for StartsWhenDropped {
        fn drop(&mut self) {
            let child = Process::new(|| 5);
            child.start().expect("it can be started");
            tell("exit code", joined(&child));
        }
    }
    let unwound = panic::catch_unwind(|| {
        let _starts = StartsWhenDropped;
        panic!("unwind");
    });
    assert!(unwound.is_err());
    assert_eq!(told::<i32>("exit code"), 5);
}

fn an_abort_is_told_as_minus_sigabrt() {
    assert_eq!(in_child(|| std::process::abort()), -6);
}

fn a_stack_overflow_is_told_as_minus_sigabrt() {
    fn deeper(depth: u64) -> u64 {
        let frame = std::hint::black_box([depth; 512]);
        if depth == 0 {
            0
        } else {
            deeper(depth + 1) + frame[7]
        }
    }
    let (text, exitcode) = stderr_of(|| {
        std::hint::black_box(deeper(1));
    });
    assert_eq!(exitcode, -6);
    assert!(text.contains("overflowed its stack"), "{text}");
}
