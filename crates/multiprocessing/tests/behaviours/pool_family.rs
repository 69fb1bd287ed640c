//! The pool's processes as a family: who takes whom along, and that a pool
//! that cannot be made leaves nobody behind.

use std::sync::OnceLock;
use std::time::Duration;

use multiprocessing::{Error, Pool, current_process};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{SigHandler, Signal, killpg};
use nix::unistd::{Pid, dup2_stdout, setpgid};

use crate::harness::{Test, list};
use crate::pool_tasks::{
    begun, is_complete, pool, signal, sleep_as, square, wait_as,
};
use crate::procfs::{alive, open_descriptors, process, session};
use crate::support::{
    SOON, eventually, in_child_of_a_user, joined, on_signal, program,
    sleep_for_ever, started, tell, told,
};

pub(crate) const TESTS: &[Test] = list![
    b183_a_pool_left_open_at_the_end_of_main_ends_in_silence,
    b183_a_busy_pool_left_open_at_an_exit_ends_in_silence,
    b185_a_pool_without_room_for_its_processes_leaves_nobody,
    b185_a_pool_without_room_for_its_descriptors_leaves_nobody,
    without_the_zygote_the_first_workers_go_on,
    without_anybody_the_pool_is_broken,
    a_killed_zygote_loses_no_task_that_was_not_begun,
    a_killed_parent_takes_the_pool_along,
    an_interrupt_of_the_group_ends_all,
    a_closed_stdout_ends_the_family_of_a_first_worker,
    a_closed_stdout_ends_the_family_of_a_replacement,
];

pub(crate) const PROGRAMS: &[Test] = list![main_leaves_a_pool, main_exits_busy];

static POOL: OnceLock<Pool> = OnceLock::new();

fn main_leaves_a_pool() {
    let pool = POOL.get_or_init(|| pool(3));
    assert_eq!(pool.apply(square, 3).ok(), Some(9));
    tell("pids", format!("{:?}", pool.worker_pids()));
}

fn main_exits_busy() {
    let pool = POOL.get_or_init(|| pool(3));
    for name in ["first", "second"] {
        let (result, _) = begun(pool, sleep_as, name);
        result.error_callback(|error| eprintln!("called at the end: {error}"));
    }
    tell("pids", format!("{:?}", pool.worker_pids()));
    std::process::exit(7);
}

fn ends_in_silence(name: &str, code: i32) {
    let output = program(name).output().expect("it can be spawned");
    assert_eq!(output.status.code(), Some(code));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let own = current_process().pid();
    let pids: String = told("pids");
    eventually(Duration::from_secs(1), || session(own) == [own]);
    assert_eq!(pids.split(", ").count(), 3);
}

fn b183_a_pool_left_open_at_the_end_of_main_ends_in_silence() {
    ends_in_silence("main_leaves_a_pool", 0);
}

fn b183_a_busy_pool_left_open_at_an_exit_ends_in_silence() {
    ends_in_silence("main_exits_busy", 7);
}

/// Makes a pool of 5 while `resource` has room for more and more, until it
/// can be made; tells how often it could not.
fn fails_until_there_is_room(resource: Resource, first: u64) -> u64 {
    let own = current_process().pid();
    let (soft, hard) = getrlimit(resource).expect("it has a limit");
    let before = (open_descriptors(), session(own));
    for more in 0..100 {
        setrlimit(resource, first + more, hard).expect("it can be lowered");
        let made = Pool::new(5).map(drop);
        setrlimit(resource, soft, hard).expect("it can be raised again");
        assert_eq!((open_descriptors(), session(own)), before);
        match made {
            Ok(()) => return more,
            Err(Error::System { .. }) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    panic!("there should have been room");
}

fn b185_a_pool_without_room_for_its_processes_leaves_nobody() {
    let exitcode = in_child_of_a_user(|| {
        nix::unistd::setsid().expect("a child leads no group");
        // Five workers, the zygote and the thread.
        assert!(fails_until_there_is_room(Resource::RLIMIT_NPROC, 1) >= 7);
    });
    assert_eq!(exitcode, 0);
}

fn b185_a_pool_without_room_for_its_descriptors_leaves_nobody() {
    let null = std::fs::File::open("/dev/null").expect("there is room");
    let first = u64::try_from(std::os::fd::AsRawFd::as_raw_fd(&null));
    let first = first.expect("it is open");
    drop(null);
    // A socket and a pidfd for each of the six at least.
    assert!(fails_until_there_is_room(Resource::RLIMIT_NOFILE, first) >= 12);
}

/// The process that forks the replacements: the parent of one.
fn zygote(pool: &Pool) -> i32 {
    let count = pool.worker_pids().len();
    let dead = pool.worker_pids()[0];
    signal(dead, Signal::SIGKILL);
    is_complete(pool, count, dead);
    let own = current_process().pid();
    let pids = pool.worker_pids().into_iter();
    let mut parents = pids.filter_map(|pid| Some(process(pid)?.parent));
    parents.find(|&parent| parent != own).expect("one is new")
}

/// A pool of two, one of which is a replacement, and its zygote.
fn mixed_pool() -> (Pool, i32) {
    let pool = pool(2);
    let zygote = zygote(&pool);
    (pool, zygote)
}

fn without_the_zygote_the_first_workers_go_on() {
    let (pool, zygote) = mixed_pool();
    let tasks = [begun(&pool, wait_as, "one"), begun(&pool, wait_as, "two")];
    let own = current_process().pid();
    let is_first = |pid| process(pid).is_some_and(|p| p.parent == own);
    let [(first, _), (second, lost)] = if is_first(tasks[0].1) {
        tasks
    } else {
        let [a, b] = tasks;
        [b, a]
    };
    signal(zygote, Signal::SIGKILL);
    let failed = second.get();
    let Err(Error::WorkerDied { pid, exitcode: -9 }) = failed else {
        panic!("{failed:?}");
    };
    assert_eq!(pid, lost);
    assert!(!first.ready());
    tell("go", "");
    first.get().expect("its worker lives");
    assert_eq!(pool.map(square, 0..3).ok(), Some(vec![0, 1, 4]));
    assert_eq!(pool.worker_pids().len(), 1);
}

fn without_anybody_the_pool_is_broken() {
    for close in [false, true] {
        let (pool, zygote) = mixed_pool();
        let busy = [1, 2].map(|n| {
            let name = format!("busy {n}, {close}");
            begun(&pool, sleep_as, &name)
        });
        let waiting = pool.apply_async(square, 3).expect("it is open");
        if close {
            pool.close();
        }
        signal(zygote, Signal::SIGKILL);
        for (result, pid) in busy {
            signal(pid, Signal::SIGKILL);
            let lost = result.get();
            assert!(matches!(lost, Err(Error::WorkerDied { .. })), "{lost:?}");
        }
        let pending = waiting.get();
        assert!(
            matches!(pending, Err(Error::PoolBroken { .. })),
            "{pending:?}"
        );
        let later = pool.apply(square, 3);
        assert!(matches!(later, Err(Error::PoolBroken { .. })), "{later:?}");
        pool.close();
        pool.join().expect("it takes no more tasks");
    }
}

fn a_killed_zygote_loses_no_task_that_was_not_begun() {
    for _ in 0..50 {
        let (pool, zygote) = mixed_pool();
        signal(zygote, Signal::SIGKILL);
        let result = pool.map_async_in_chunks(square, 0..4, 1);
        let result = result.expect("a first worker lives").get();
        match result {
            Ok(list) => assert_eq!(list, [0, 1, 4, 9]),
            // It had begun one of them.
            Err(Error::WorkerDied { exitcode: -9, .. }) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
}

/// A main process with a busy pool, one of whose workers is a replacement;
/// then `end`.
fn main_with_pool<'a>(
    end: impl FnOnce(&Pool) + 'a,
) -> multiprocessing::Process<'a> {
    started(move || {
        setpgid(Pid::this(), Pid::this()).expect("it leads no session");
        let (pool, zygote) = mixed_pool();
        tell("zygote", zygote);
        let busy = ["one", "two"].map(|name| begun(&pool, sleep_as, name));
        end(&pool);
        drop(busy);
    })
}

fn nobody_is_left() {
    for name in ["zygote", "one", "two"] {
        let pid = told(name);
        eventually(Duration::from_secs(1), || !alive(pid));
    }
    let own = current_process().pid();
    eventually(Duration::from_secs(1), || session(own) == [own]);
}

fn a_killed_parent_takes_the_pool_along() {
    for _ in 0..10 {
        let main = main_with_pool(|_| {
            tell("ready", "");
            sleep_for_ever()
        });
        told::<String>("ready");
        assert!(alive(told("one")) && alive(told("two")));
        main.kill().expect("it can be killed");
        assert_eq!(joined(&main), -9);
        nobody_is_left();
        for name in ["ready", "one", "two"] {
            std::fs::remove_file(crate::support::scratch(name)).expect("told");
        }
    }
}

fn an_interrupt_of_the_group_ends_all() {
    let main = main_with_pool(|_| {
        tell("ready", "");
        sleep_for_ever()
    });
    told::<String>("ready");
    let group = main.pid().ok().flatten().expect("it was started");
    killpg(Pid::from_raw(group), Signal::SIGINT).expect("they are there");
    assert_eq!(joined(&main), -2);
    nobody_is_left();
}

#[expect(clippy::needless_pass_by_value, reason = "a task takes its item")]
fn write_to_nobody(name: String) {
    tell(&name, current_process().pid());
    loop {
        println!("is anybody there?");
    }
}

/// Lets a worker write to a stdout that nobody reads, where SIGPIPE is deadly.
fn ends_whole(by_replacement: bool) {
    let main = started(|| {
        let (reader, writer) = std::io::pipe().expect("there is room");
        dup2_stdout(&writer).expect("stdout can be replaced");
        drop((reader, writer));
        on_signal(Signal::SIGPIPE, SigHandler::SigDfl);
        let pool = pool(1);
        if by_replacement {
            tell("zygote", zygote(&pool));
        }
        // Before the task, which ends this process at any moment.
        tell("worker", pool.worker_pids()[0]);
        let result = pool.apply_async(write_to_nobody, "writer".into());
        let result = result.expect("the pool is open");
        let _ = result.wait();
        eventually(SOON, || false);
    });
    assert_eq!(joined(&main), -(Signal::SIGPIPE as i32));
    let own = current_process().pid();
    eventually(Duration::from_secs(1), || session(own) == [own]);
    assert_eq!(told::<i32>("worker"), told::<i32>("writer"));
}

fn a_closed_stdout_ends_the_family_of_a_first_worker() {
    ends_whole(false);
}

fn a_closed_stdout_ends_the_family_of_a_replacement() {
    ends_whole(true);
}
