//! Python, which knows nothing of the explorer.

use std::time::Duration;

use explore::{Ending, Wait};

use crate::harness::{Test, list};
use crate::same::assert_repeated;
use crate::support::{exited, fair, hours, lines, python, run, run_well};

pub(crate) const TESTS: &[Test] = list![
    processes_of_python_are_repeated,
    threads_of_python_are_repeated,
    waits_of_python_take_their_time,
    chance_of_python_is_that_of_the_seed,
    the_kernels_random_bytes_are_those_of_the_seed,
    a_deadlock_of_python_is_told,
    the_first_thread_may_end_first,
];

fn processes_of_python_are_repeated() {
    assert_repeated(&python(
        "
from multiprocessing import Process, Queue, set_start_method
def work(queue, number):
    queue.put(number)
    print('put', number)
set_start_method('fork')
queue = Queue()
children = [Process(target=work, args=(queue, i)) for i in range(2)]
for child in children: child.start()
for child in children: print('got', queue.get())
for child in children: child.join()
",
    ));
}

fn threads_of_python_are_repeated() {
    assert_repeated(&python(
        "
import threading, time
turn = threading.Condition()
done = []
def work(number):
    with turn:
        done.append(number)
        turn.notify()
    time.sleep(number)
    print(number)
threads = [threading.Thread(target=work, args=(i,)) for i in range(3)]
for thread in threads: thread.start()
with turn:
    turn.wait_for(lambda: len(done) == 3, timeout=2)
print(done)
for thread in threads: thread.join()
",
    ));
}

fn waits_of_python_take_their_time() {
    let trace = run_well(
        &python(
            "
import os, select, signal, subprocess, threading, time
def timed(name, action):
    start, date = time.monotonic(), time.time()
    action()
    print(name, round(time.monotonic() - start, 2), round(time.time() - date, 2))
hour = 3600
reader, writer = os.pipe()
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
timed('sleep', lambda: time.sleep(hour))
timed('event', lambda: threading.Event().wait(hour))
timed('select', lambda: select.select([reader], [], [], hour))
timed('sigtimedwait', lambda: signal.sigtimedwait([signal.SIGUSR1], hour))
def child():
    try: subprocess.run(['sleep', '7200'], timeout=hour)
    except subprocess.TimeoutExpired: pass
hour = 10
timed('child', child)
",
        ),
        &fair(1),
    );
    let expected = [
        "sleep 3600.0 3600.0",
        "event 3600.0 3600.0",
        "select 3600.0 3600.0",
        "sigtimedwait 3600.0 3600.0",
        // Python looks again and again.
        "child 10.0 10.0",
    ];
    assert_eq!(lines(&trace), expected);
    let most = hours(4) + Duration::from_secs(11);
    assert!(trace.elapsed < most, "{:?}", trace.elapsed);
}

/// Asserts that a script prints the same for the same seed only.
#[track_caller]
fn assert_is_of_the_seed(script: &str) {
    let program = python(script);
    let of = |seed| lines(&run_well(&program, &fair(seed)));
    assert_eq!(of(1), of(1));
    assert_ne!(of(1), of(2));
}

fn chance_of_python_is_that_of_the_seed() {
    assert_is_of_the_seed("import random; print(random.random(), hash('x'))");
}

fn the_kernels_random_bytes_are_those_of_the_seed() {
    assert_is_of_the_seed(
        "
import ctypes
AT_RANDOM = 25
getauxval = ctypes.CDLL(None).getauxval
getauxval.restype = ctypes.c_ulong
print(ctypes.string_at(getauxval(AT_RANDOM), 16))
",
    );
}

fn a_deadlock_of_python_is_told() {
    let script = "import threading
lock = threading.Lock(); lock.acquire(); lock.acquire()";
    let trace = run(&python(script), &fair(1));
    let Ending::Deadlock(blocked) = &trace.ending else {
        panic!("{:?}", trace.ending)
    };
    assert_eq!((blocked[0].task, &blocked[0].wait), (0, &Wait::Lock));
}

fn the_first_thread_may_end_first() {
    let script = "
import ctypes, threading, time, os
def late():
    time.sleep(5)
    print('late')
    os._exit(3)
threading.Thread(target=late).start()
EXIT = 60
ctypes.CDLL(None).syscall(EXIT, 0)
";
    let trace = run(&python(script), &fair(1));
    assert_eq!(lines(&trace), ["late"]);
    assert_eq!(trace.ending, exited(3));
}
