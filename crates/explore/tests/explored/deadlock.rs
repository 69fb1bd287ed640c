//! A deadlock is found and told, and nothing else is taken for one.

use std::hint::black_box;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::Duration;

use explore::{Blocked, Ending, Schedule, Trace, Wait};
use multiprocessing::{Lock, Process};

use crate::harness::{PROGRAM, Test, list};
use crate::support::{
    exited, fair, lines, lines_of, program, run, run_well, shell,
};

pub(crate) const TESTS: &[Test] = list![
    locks_of_threads_in_opposite_order,
    locks_of_processes_in_opposite_order,
    a_lock_that_one_has_already,
    a_pipe_whose_writer_is_open,
    a_call_that_is_not_expected_to_wait,
    a_child_that_is_halted_for_ever,
    an_orphan_that_waits_for_ever,
    no_deadlock_while_a_child_computes,
    no_deadlock_while_a_program_sleeps,
    no_deadlock_while_a_message_travels,
];
pub(crate) const PROGRAMS: &[Test] = list![
    opposite_locks,
    opposite_process_locks,
    own_lock,
    own_pipe,
    orphan,
    computing_child,
    messages,
];

/// Who waits for what when it has come to a deadlock.
#[track_caller]
fn deadlock(trace: &Trace) -> Vec<(usize, Wait)> {
    let Ending::Deadlock(blocked) = &trace.ending else {
        panic!("no deadlock: {:?} {}", trace.ending, trace.stderr)
    };
    assert_eq!(trace.left_behind, []);
    let pairs = blocked.iter().map(|it| (it.task, it.wait.clone()));
    pairs.collect()
}

fn pause() {
    thread::sleep(Duration::from_secs(1));
}

fn opposite_locks() {
    let locks = [Mutex::new(()), Mutex::new(())];
    let work = |first: usize, second: usize| {
        let _first = locks[first].lock();
        pause();
        let _second = locks[second].lock();
    };
    thread::scope(|scope| {
        let one = scope.spawn(|| work(0, 1));
        let other = scope.spawn(|| work(1, 0));
        one.join().expect("it does not panic");
        other.join().expect("it does not panic");
    });
}

fn locks_of_threads_in_opposite_order() {
    let trace = run(&program("opposite_locks", &[]), &fair(1));
    let expected = [(0, Wait::Thread(1)), (1, Wait::Lock), (2, Wait::Lock)];
    assert_eq!(deadlock(&trace), expected);
}

fn opposite_process_locks() {
    let make = || Lock::new().expect("there is room");
    let locks = [make(), make()];
    let work = |first: usize, second: usize| {
        let _first = locks[first].guard()?;
        pause();
        locks[second].acquire()
    };
    let one = Process::new(|| work(0, 1));
    let other = Process::new(|| work(1, 0));
    one.start().expect("it can be started");
    other.start().expect("it can be started");
    one.join().expect("it ends");
}

fn locks_of_processes_in_opposite_order() {
    let trace = run(&program("opposite_process_locks", &[]), &fair(1));
    let at = |name: &str| Wait::Operation(name.to_owned());
    let expected = [
        (0, at("Process.join")),
        (1, at("Lock.acquire")),
        (2, at("Lock.acquire")),
    ];
    assert_eq!(deadlock(&trace), expected);
}

fn own_lock() {
    let lock = Mutex::new(());
    let _first = lock.lock();
    let _second = lock.lock();
}

fn a_lock_that_one_has_already() {
    let trace = run(&program("own_lock", &[]), &fair(1));
    assert_eq!(deadlock(&trace), [(0, Wait::Lock)]);
}

fn own_pipe() {
    let (mut reader, _writer) = std::io::pipe().expect("there is room");
    let _ = reader.read(&mut [0]);
}

fn a_pipe_whose_writer_is_open() {
    let trace = run(&program("own_pipe", &[]), &fair(1));
    assert_eq!(deadlock(&trace), [(0, Wait::Read)]);
}

fn a_call_that_is_not_expected_to_wait() {
    let folder = env!("CARGO_TARGET_TMPDIR");
    let script = "rm -f fifo-$$; mkfifo fifo-$$; exec < fifo-$$";
    let mut program = shell(&format!("trap 'rm fifo-$$' 0; {script}"));
    program.folder = Some(folder.into());
    let trace = run(&program, &fair(1));
    let open = Wait::Other(nix::libc::SYS_openat);
    assert_eq!(deadlock(&trace), [(0, open)]);
    let fifo = format!("{folder}/fifo-{}", trace.tasks[0].pid);
    std::fs::remove_file(fifo).expect("it has just been made");
}

fn a_child_that_is_halted_for_ever() {
    let trace = run(&shell("sleep 9 & kill -STOP $!; wait"), &fair(1));
    // The shell waits for the signal that tells of a child.
    assert_eq!(deadlock(&trace), [(0, Wait::Signal), (1, Wait::Signal)]);
}

#[expect(clippy::zombie_processes, reason = "it shall be left behind")]
fn orphan() {
    let binary = std::env::current_exe().expect("it has a path");
    let child = Command::new(binary).args([PROGRAM, "own_pipe"]).spawn();
    child.expect("it can be started");
    println!("gone");
}

fn an_orphan_that_waits_for_ever() {
    for seed in 0..10 {
        let trace = run(&program("orphan", &[]), &Schedule::mixed(seed));
        assert_eq!(lines(&trace), ["gone"]);
        assert_eq!(trace.ending, exited(0));
        let (task, wait) = (1, Wait::Read);
        assert_eq!(trace.left_behind, [Blocked { task, wait }]);
    }
}

fn computing_child() {
    let child = Process::new(|| {
        let mut sum = 0_u64;
        for number in 0..20_000_000 {
            sum = black_box(sum.wrapping_add(number));
        }
        println!("{sum}");
    });
    child.start().expect("it can be started");
    child.join().expect("it ends");
}

fn no_deadlock_while_a_child_computes() {
    let lines = lines_of(&program("computing_child", &[]));
    assert_eq!(lines, ["199999990000000"]);
}

fn no_deadlock_while_a_program_sleeps() {
    let lines = lines_of(&shell("sleep 1000; echo $(sleep 1000; echo well)"));
    assert_eq!(lines, ["well"]);
}

fn messages() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    let echo = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("somebody comes");
        let mut byte = [0];
        while stream.read_exact(&mut byte).is_ok() {
            stream.write_all(&byte).expect("somebody reads");
        }
    });
    let mut stream = TcpStream::connect(address).expect("somebody listens");
    let (sender, receiver) = mpsc::channel();
    for number in 0..20 {
        stream.write_all(&[number]).expect("somebody reads");
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("there is an answer");
        sender.send(byte[0]).expect("we receive");
    }
    drop((stream, sender));
    println!("{}", receiver.iter().map(u32::from).sum::<u32>());
    echo.join().expect("it does not panic");
}

fn no_deadlock_while_a_message_travels() {
    for seed in 0..20 {
        let schedule = Schedule::mixed(seed);
        let trace = run_well(&program("messages", &[]), &schedule);
        assert_eq!(lines(&trace), ["190"]);
    }
}
