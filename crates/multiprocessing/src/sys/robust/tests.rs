//! A thread's list has mutexes of the C library between those of the crate: who
//! dies leaves what it held, all of it and nothing else.

use std::cell::UnsafeCell;
use std::mem::MaybeUninit;
use std::thread;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::this;
use crate::process::pid;
use crate::sys::mutex::{Acquired, Kind, MutexInRegion};

unsafe extern "C" {
    fn pthread_mutexattr_setrobust(
        attr: *mut libc::pthread_mutexattr_t,
        robust: libc::c_int,
    ) -> libc::c_int;
}

/// A robust mutex of the C library.
struct Foreign(Box<UnsafeCell<libc::pthread_mutex_t>>);

// SAFETY: it is changed by the C library's functions alone, which are made for
// use by several threads.
unsafe impl Sync for Foreign {}

impl Foreign {
    fn new() -> Self {
        let mutex = Box::new(UnsafeCell::new(libc::PTHREAD_MUTEX_INITIALIZER));
        let mut attr = MaybeUninit::uninit();
        let attr = attr.as_mut_ptr();
        let robust = 1;
        // SAFETY: the attributes are initialised before they are used, and the
        // mutex before anybody has it.
        unsafe {
            libc::pthread_mutexattr_init(attr);
            pthread_mutexattr_setrobust(attr, robust);
            libc::pthread_mutex_init(mutex.get(), attr);
        }
        Self(mutex)
    }

    fn lock(&self) -> i32 {
        // SAFETY: it is initialised.
        unsafe { libc::pthread_mutex_lock(self.0.get()) }
    }

    fn unlock(&self) -> i32 {
        // SAFETY: it is initialised.
        unsafe { libc::pthread_mutex_unlock(self.0.get()) }
    }
}

enum Mutex {
    Own(MutexInRegion),
    Foreign(Foreign),
}

impl Mutex {
    fn new(index: usize) -> Self {
        match index.is_multiple_of(2) {
            true => Self::Own(MutexInRegion::new(Kind::Plain).expect("memory")),
            false => Self::Foreign(Foreign::new()),
        }
    }

    /// Whether its owner died.
    fn take(&self) -> bool {
        let pid = pid();
        match self {
            Self::Own(own) => match own.acquire(None).expect("it is sound") {
                Acquired::Yes => false,
                dead => {
                    assert_eq!(dead, Acquired::FromTheDead { pid });
                    true
                }
            },
            Self::Foreign(foreign) => match foreign.lock() {
                0 => false,
                code => {
                    assert_eq!(code, libc::EOWNERDEAD);
                    true
                }
            },
        }
    }

    fn give_up(&self) {
        match self {
            Self::Own(own) => own.release().expect("it is ours"),
            Self::Foreign(foreign) => assert_eq!(foreign.unlock(), 0),
        }
    }
}

/// Takes mutexes and gives them up, in any order; tells which are still held.
fn come_and_go(mutexes: &[Mutex], random: &mut StdRng) -> Vec<bool> {
    let mut held = vec![false; mutexes.len()];
    for _ in 0..random.random_range(0..40) {
        let index = random.random_range(0..mutexes.len());
        match held[index] {
            true => mutexes[index].give_up(),
            false => assert!(!mutexes[index].take(), "nobody is dead"),
        }
        held[index] = !held[index];
    }
    held
}

#[test]
fn who_dies_leaves_what_it_held() {
    for seed in 0..300 {
        let mut random = StdRng::seed_from_u64(seed);
        let mutexes: Vec<_> = (0..7).map(Mutex::new).collect();
        let held = thread::scope(|scope| {
            let dies = scope.spawn(|| come_and_go(&mutexes, &mut random));
            dies.join().expect("it only ends")
        });
        let left: Vec<_> = mutexes.iter().map(Mutex::take).collect();
        assert_eq!(left, held, "seed {seed}");
        mutexes.iter().for_each(Mutex::give_up);
    }
}

#[test]
fn a_forked_child_is_another() {
    let parent = this().expect("a list").thread;
    // SAFETY: the child only looks who it is, and ends.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let own = this().map_or(parent, |it| it.thread);
        crate::sys::fork::exit_now(i32::from(own == parent));
    }
    let pid = nix::unistd::Pid::from_raw(child);
    let end = nix::sys::wait::waitpid(pid, None).expect("a child");
    assert_eq!(end, nix::sys::wait::WaitStatus::Exited(pid, 0));
}
