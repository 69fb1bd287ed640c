//! The machine: memory, processes, and what the kernel does for them.
//!
//! A process is a task of shuttle, which runs one task at a time and asks a
//! scheduler at each [`step`] who is next. All of a machine's state is of the
//! thread that runs the tasks.
//!
//! Memory is a table from addresses to values. So the kernel can look at the
//! words of the dead, as the real one does, and what a process writes that is
//! dead already, while its stack unwinds, can be kept from it. How a process
//! dies is in [`death`](super::death).

use std::cell::RefCell;
use std::collections::HashMap;
use std::panic::{Location, resume_unwind};
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::Duration;

use super::death::Left;

/// The process of the test itself.
const TEST: usize = 0;

/// Its pid.
const FIRST_PID: i32 = 1;

thread_local! {
    static MACHINE: RefCell<Machine> = RefCell::default();
}

#[derive(Default)]
pub(super) struct Machine {
    memory: HashMap<usize, u64>,
    processes: Vec<Process>,
    /// Who sleeps on which word, in the order in which they came.
    pub(super) sleepers: Vec<(usize, usize)>,
    /// What the first process, the test itself, waits for.
    awaited: Option<Rc<dyn Fn() -> bool>>,
    /// In the order in which they were made.
    pub(super) mutexes: Vec<usize>,
    /// Whether each step is printed.
    traced: bool,
}

/// A process, as the kernel knows it.
#[derive(Default)]
pub(super) struct Process {
    pub(super) life: Life,
    /// The kernel is done with it.
    pub(super) gone: bool,
    /// The time of its limits is over.
    late: bool,
    /// What ends its sleep.
    roused: Option<Slept>,
    /// It sleeps, or waits for something in the test; this lets it run.
    waker: Option<Waker>,
    /// How often it has become the owner of a mutex.
    locked: usize,
    /// The mutexes that it owns: its list for the kernel.
    pub(super) owned: Vec<usize>,
    /// The one that it is about to take or to give up.
    pub(super) pending: Option<usize>,
    /// It has asked for itself, for `sys::robust`.
    knows_itself: bool,
    /// The seats, doors and locks that were its own when it died.
    pub(super) left: Vec<Left>,
}

#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Life {
    #[default]
    Lives,
    /// It does nothing any more.
    Killed,
    /// It has come to its end by itself.
    Ended,
}

/// What a killed process unwinds with.
pub(crate) struct Killed;

/// Why a sleep ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slept {
    Woken,
    /// A word had another value, or a signal came.
    Not,
    TimedOut,
}

pub(super) fn machine<R>(act: impl FnOnce(&mut Machine) -> R) -> R {
    MACHINE.with_borrow_mut(act)
}

/// The process with the number `id`.
pub(super) fn process<R>(id: usize, act: impl FnOnce(&mut Process) -> R) -> R {
    machine(|machine| {
        if machine.processes.len() <= id {
            machine.processes.resize_with(id + 1, Process::default);
        }
        act(&mut machine.processes[id])
    })
}

/// A new machine; it may print what it does.
pub(crate) fn reset(traced: bool) {
    MACHINE.take();
    machine(|it| it.traced = traced);
}

/// Whether the caller only unwinds its stack. What its destructors do then, no
/// process does.
pub(crate) fn unwinds() -> bool {
    std::thread::panicking()
}

/// A place where another process may come first, and the caller may die.
pub(crate) fn step() {
    let alone = shuttle::current::try_get_current_task().is_none();
    if alone || unwinds() {
        return;
    }
    shuttle::thread::sleep(Duration::ZERO);
    die_if_killed();
}

fn die_if_killed() {
    if is_killed(me()) {
        resume_unwind(Box::new(Killed));
    }
}

pub(crate) fn is_killed(id: usize) -> bool {
    process(id, |it| it.life == Life::Killed)
}

/// Under `MODEL_REPLAY`, tells what happens.
pub(super) fn trace(what: impl FnOnce() -> String) {
    if machine(|it| it.traced) {
        println!("process {}: {}", pid(me()), what());
    }
}

/// A step that looks at the value at `address`, and changes it.
#[track_caller]
pub(crate) fn access<R>(address: usize, act: impl FnOnce(&mut u64) -> R) -> R {
    step();
    let place = Location::caller();
    let (result, before, after) = access_own(address, |value| {
        let before = *value;
        let result = act(value);
        (result, before, *value)
    });
    trace(|| format!("{address:x} {before:x} -> {after:x}  {place}"));
    result
}

/// Looks at a value that only its owner uses, and changes it.
pub(crate) fn access_own<R>(
    address: usize,
    act: impl FnOnce(&mut u64) -> R,
) -> R {
    machine(|machine| {
        let value = machine.memory.entry(address).or_default();
        match unwinds() {
            true => act(&mut value.clone()),
            false => act(value),
        }
    })
}

/// The calling process.
pub(crate) fn me() -> usize {
    shuttle::current::me().into()
}

/// The pid of a process, and the number of its one thread.
pub(crate) fn pid(id: usize) -> i32 {
    i32::try_from(id).map_or(i32::MAX, |id| id + FIRST_PID)
}

/// The process with that pid.
pub(crate) fn id(pid: i32) -> usize {
    usize::try_from(pid - FIRST_PID).unwrap_or(usize::MAX)
}

pub(crate) fn knows_itself() -> bool {
    process(me(), |it| it.knows_itself)
}

pub(crate) fn ask_for_itself() {
    process(me(), |it| it.knows_itself = true);
}

/// In the first process, the test itself: waits until `done` says so.
pub(crate) fn until(done: impl Fn() -> bool + 'static) {
    let done: Rc<dyn Fn() -> bool> = Rc::new(done);
    machine(|it| it.awaited = Some(Rc::clone(&done)));
    block(|| done());
    machine(|it| it.awaited = None);
}

/// The same, until all others, whatever they do, sleep or are gone.
pub(crate) fn until_quiet() {
    until(|| {
        machine(|it| {
            let mut others = it.processes.iter().skip(TEST + 1);
            others.all(|it| it.gone || it.waker.is_some())
        })
    });
}

/// To be called after what the test may wait for.
pub(crate) fn tell() {
    let awaited = machine(|it| it.awaited.clone());
    if awaited.is_some_and(|done| done()) {
        rouse(TEST, |_| {});
    }
}

/// Lets the others run until `done` says so or the process is dead.
fn block(done: impl Fn() -> bool) {
    let me = me();
    shuttle::future::block_on(std::future::poll_fn(|context| {
        if done() || is_killed(me) {
            return Poll::Ready(());
        }
        process(me, |it| it.waker = Some(context.waker().clone()));
        tell();
        Poll::Pending
    }));
}

/// The futex: sleeps while each word has the value that stands beside it. As
/// the kernel does, it lines up at one word after the other.
pub(crate) fn sleep(words: &[(usize, u32)], limited: bool) -> Slept {
    if unwinds() {
        return Slept::TimedOut;
    }
    let me = me();
    process(me, |it| it.roused = None);
    for (address, expected) in words {
        let same = access(*address, |value| *value == u64::from(*expected));
        if !same {
            return get_up(me, Slept::Not);
        }
        machine(|it| it.sleepers.push((*address, me)));
    }
    trace(|| format!("sleeps on {words:x?}"));
    let ends = |it: &mut Process| it.roused.is_some() || (limited && it.late);
    block(|| process(me, ends));
    die_if_killed();
    get_up(me, Slept::TimedOut)
}

fn get_up(me: usize, otherwise: Slept) -> Slept {
    machine(|it| it.sleepers.retain(|(_, who)| *who != me));
    process(me, |it| it.roused).unwrap_or(otherwise)
}

/// The futex: wakes `most` of those who sleep on the word, the first first.
pub(crate) fn wake(address: usize, most: usize) {
    step();
    wake_now(address, most);
}

/// The same, and changes the word before, in the same step.
pub(crate) fn change_and_wake(
    address: usize,
    change: impl FnOnce(u32) -> u32,
    most: usize,
) {
    access(address, |value| {
        let word = u32::try_from(*value).unwrap_or(u32::MAX);
        *value = change(word).into();
    });
    wake_now(address, most);
}

fn wake_now(address: usize, most: usize) {
    if unwinds() {
        return;
    }
    for _ in 0..most {
        let next = machine(|it| {
            let at = it.sleepers.iter().position(|(on, _)| *on == address)?;
            Some(it.sleepers.remove(at).1)
        });
        let Some(next) = next else { break };
        trace(|| format!("{address:x} wakes process {}", pid(next)));
        rouse(next, |it| it.roused = Some(Slept::Woken));
    }
}

/// Changes a process that may sleep, and lets it look.
pub(super) fn rouse(id: usize, change: impl FnOnce(&mut Process)) {
    let waker = process(id, |it| {
        change(it);
        it.waker.take()
    });
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// A mutex is made.
pub(crate) fn made(address: usize) {
    machine(|it| it.mutexes.push(address));
}

/// The calling process begins or ends to take or to give up a mutex.
pub(crate) fn pending(mutex: Option<usize>) {
    change_list(|it| it.pending = mutex);
}

pub(crate) fn owns(mutex: usize) {
    change_list(|it| {
        it.owned.push(mutex);
        it.locked += 1;
    });
}

pub(crate) fn disowns(mutex: usize) {
    change_list(|it| it.owned.retain(|own| *own != mutex));
}

fn change_list(change: impl FnOnce(&mut Process)) {
    if !unwinds() {
        process(me(), change);
    }
}

/// The time of the limits of process `id` is over.
pub(crate) fn expire(id: usize) {
    step();
    trace(|| format!("makes process {} late", pid(id)));
    rouse(id, |it| it.late = true);
}

/// A signal comes to process `id`.
pub(crate) fn interrupt(id: usize) {
    step();
    rouse(id, |it| {
        it.roused.get_or_insert(Slept::Not);
    });
}

/// Whether the time of a process's limits is over.
pub(crate) fn is_late(id: usize) -> bool {
    process(id, |it| it.late)
}

pub(crate) fn is_gone(id: usize) -> bool {
    process(id, |it| it.gone)
}

/// How often a process has become the owner of a mutex.
pub(crate) fn locked(id: usize) -> usize {
    process(id, |it| it.locked)
}

/// Whether a process sleeps.
pub(crate) fn sleeps(id: usize) -> bool {
    process(id, |it| it.waker.is_some())
}

/// Whether a process sleeps on a word that is no mutex.
pub(crate) fn waits(id: usize) -> bool {
    let on_another_word = machine(|it| {
        let mut words = it.sleepers.iter().filter(|(_, who)| *who == id);
        words.any(|(word, _)| !it.mutexes.contains(word))
    });
    on_another_word && sleeps(id)
}

/// A process, or what befalls one, begins or ends.
pub(crate) fn begin(id: usize) {
    process(id, |it| it.gone = false);
}

pub(crate) fn end(id: usize) {
    process(id, |it| it.gone = true);
    tell();
}
