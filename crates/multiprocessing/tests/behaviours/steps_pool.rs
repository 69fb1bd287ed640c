//! Pools and managers: workers, servers and whoever uses them, killed at each
//! step.

use std::cell::{OnceCell, RefCell};
use std::fs;

use multiprocessing::{
    Error, Imap, Manager, Pool, Process, Result, Semaphore, current_process,
};
use nix::sys::signal::Signal;

use crate::harness::{Test, list};
use crate::killed_at_steps::{Operation, at_each};
use crate::pipe_end::disconnected;
use crate::pool_tasks::{is_complete, pool, signal, square};
use crate::procfs::session;
use crate::steps::{Place, Tracee};
use crate::support::{SOON, eventually, joined, started};
use crate::waiting::is_in;

pub(crate) const TESTS: &[Test] = list![
    killed_at_any_step_of_a_task_exactly_that_one_is_lost_or_none,
    killed_at_any_step_of_some_tasks_exactly_one_is_lost_or_none,
    killed_at_any_step_of_apply_the_caller_takes_its_workers_along,
    killed_at_any_step_of_a_request_the_server_is_told_to_be_gone,
    killed_at_any_step_of_a_connection_the_server_is_told_to_be_gone,
];

/// Runs a sleeper to `place`, and kills `pid`; or records its way until it
/// sleeps again, and kills it then.
fn run(tracee: &mut Tracee<'_>, place: Option<Place>, pid: i32) -> Vec<Place> {
    let places = match place {
        None => tracee.record(),
        Some(place) => {
            tracee.run_to(place);
            Vec::new()
        }
    };
    signal(pid, Signal::SIGKILL);
    tracee.let_go(pid);
    tracee.meet_once();
    places
}

/// Kills the first worker of a pool at each step of what it does when there are
/// `tasks`, after so many others: of them one is lost, or none.
fn killed_worker(processes: usize, before: i64, tasks: i64) {
    let killed = |place| {
        let pool = pool(processes);
        for n in 0..before {
            assert_eq!(pool.apply(square, n).ok(), Some(n * n));
        }
        let pid = pool.worker_pids()[0];
        eventually(SOON, || is_in(libc::SYS_futex, pid));
        let results: RefCell<Option<Imap<i64>>> = RefCell::default();
        let places = {
            let mut tracee = Tracee::sleeper(pid, || {
                let tasks = pool.imap(square, 0..tasks);
                results.replace(Some(tasks.expect("the pool is open")));
            });
            run(&mut tracee, place, pid)
        };
        let mut lost = 0;
        for (n, result) in (0..).zip(results.take().expect("it was made")) {
            match result {
                Ok(result) => assert_eq!(result, n * n),
                Err(Error::WorkerDied {
                    pid: dead,
                    exitcode,
                }) => {
                    assert_eq!((dead, exitcode), (pid, -9));
                    lost += 1;
                }
                Err(other) => panic!("{other:?}"),
            }
        }
        assert!(lost <= 1);
        assert_eq!(pool.map(square, 0..3).ok(), Some(vec![0, 1, 4]));
        is_complete(&pool, processes, pid);
        places
    };
    at_each(&killed(None), |place| drop(killed(Some(place))));
}

/// A worker takes a task, runs it and sends the result.
fn killed_at_any_step_of_a_task_exactly_that_one_is_lost_or_none() {
    killed_worker(2, 0, 2);
}

/// It has others ahead.
fn killed_at_any_step_of_some_tasks_exactly_one_is_lost_or_none() {
    killed_worker(1, 8, 3);
}

fn killed_at_any_step_of_apply_the_caller_takes_its_workers_along() {
    // Each process has a cell of its own.
    let apply = Operation::new(OnceCell::new, |pool: &OnceCell<Pool>| {
        let pool = pool.get().expect("it was made");
        assert_eq!(pool.apply(square, 7)?, 49);
        Ok(())
    });
    let apply = apply.after(|pool| {
        pool.set(Pool::new(2)?).expect("it is empty");
        Ok(())
    });
    let own = current_process().pid();
    apply.killed(|_, _, _| eventually(SOON, || session(own) == [own]));
}

/// The exit code of a client whose server has died.
const TOLD: i32 = 42;

/// A client of a manager, which is connected already or not, and makes a call
/// when it is told.
fn client<'a>(
    manager: &Manager,
    is_connected: bool,
    ready: &'a Semaphore,
    go: &'a Semaphore,
) -> Process<'a> {
    let list = manager.list_from([1]).expect("the server answers");
    started(move || -> Result<i32> {
        if is_connected {
            assert_eq!(list.len()?, 1);
        }
        ready.release()?;
        go.acquire()?;
        match list.append(2) {
            Ok(()) => Ok(0),
            Err(Error::Disconnected) => Ok(TOLD),
            Err(other) => Err(other),
        }
    })
}

fn threads_of(pid: i32) -> Vec<i32> {
    let threads = fs::read_dir(format!("/proc/{pid}/task"));
    let threads = threads
        .expect("it is ours")
        .filter_map(|thread| thread.ok()?.file_name().to_str()?.parse().ok());
    threads.collect()
}

/// Kills the server at each step of what it does for a client: its thread for
/// the client's requests, or that for connections.
fn killed_server(is_connected: bool) {
    let killed = |place| {
        let manager = Manager::new().expect("a server");
        let unused = manager.dict::<u8, u8>().expect("the server answers");
        let before = threads_of(manager.pid());
        let zero = || Semaphore::new(0).expect("there is memory");
        let (ready, go) = (zero(), zero());
        let client = client(&manager, is_connected, &ready, &go);
        ready.acquire().expect("it comes");
        let threads = threads_of(manager.pid());
        let mut new = threads.into_iter().filter(|it| !before.contains(it));
        let thread = match is_connected {
            true => new.next().expect("it is served"),
            false => manager.pid(),
        };
        eventually(SOON, || is_in(libc::SYS_recvmsg, thread));
        let places = {
            let mut tracee = Tracee::sleeper(thread, || {
                go.release().expect("there is room");
            });
            run(&mut tracee, place, manager.pid())
        };
        assert!([0, TOLD].contains(&joined(&client)));
        eventually(SOON, || manager.exitcode().ok() == Some(Some(-9)));
        disconnected(unused.len());
        disconnected(manager.list::<u8>());
        places
    };
    at_each(&killed(None), |place| drop(killed(Some(place))));
}

fn killed_at_any_step_of_a_request_the_server_is_told_to_be_gone() {
    killed_server(true);
}

fn killed_at_any_step_of_a_connection_the_server_is_told_to_be_gone() {
    killed_server(false);
}
