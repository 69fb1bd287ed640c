//! Programs that wait in all ways, and print how long.

use std::io::{PipeReader, PipeWriter};
use std::os::fd::AsFd;
use std::process::Command;
use std::sync::atomic::AtomicU32;
use std::sync::{Condvar, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll, ppoll};
use nix::sys::epoll::{
    Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout,
};
use nix::sys::select::{FdSet, pselect, select};
use nix::sys::signal::{
    SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction,
};
use nix::sys::time::{TimeSpec, TimeVal};
use nix::unistd::getpid;
use rustix::thread::{
    NanosleepRelativeResult, clock_nanosleep_absolute, futex, nanosleep,
};
use rustix::time::{ClockId, Timespec, clock_gettime};

use crate::harness::{Test, list};
use crate::support::hours;

pub(crate) const PROGRAMS: &[Test] =
    list![all_waits, an_interrupted_sleep, ignored_signals];

const HOUR: Duration = hours(1);

/// Prints how long an action takes.
fn time(name: &str, action: impl FnOnce()) {
    let start = Instant::now();
    action();
    println!("{name} {}", start.elapsed().as_millis());
}

fn all_waits() {
    time("sleep", || thread::sleep(HOUR));
    let start = SystemTime::now();
    thread::sleep(HOUR);
    let passed = start.elapsed().expect("time goes forward");
    println!("system time {}", passed.as_millis());
    time("condvar", wait_at_condvar);
    time("recv_timeout", || {
        let (_sender, receiver) = mpsc::channel::<()>();
        receiver.recv_timeout(HOUR).expect_err("nobody sends");
    });
    time("park_timeout", || thread::park_timeout(HOUR));
    descriptors();
    futexes();
    time("sleep until a moment", || sleep_until(HOUR));
    time("a moment in the past", || sleep_until(Duration::ZERO));
    time("a child", || {
        let child = Command::new("sleep").arg("3600").status();
        assert!(child.expect("it can be started").success());
    });
    time("a thread", || {
        let thread = thread::spawn(|| thread::sleep(HOUR));
        thread.join().expect("it does not panic");
    });
}

fn wait_at_condvar() {
    let lock = Mutex::new(());
    let guard = lock.lock().expect("nobody panics");
    let waited = Condvar::new().wait_timeout(guard, HOUR);
    assert!(waited.expect("nobody panics").1.timed_out());
}

fn descriptors() {
    let (reader, _writer) = std::io::pipe().expect("there is room");
    time("poll", || wait_by_poll(&reader));
    time("ppoll", || {
        let mut polled = [PollFd::new(reader.as_fd(), PollFlags::POLLIN)];
        let ready = ppoll(&mut polled, Some(TimeSpec::from(HOUR)), None);
        assert_eq!(ready, Ok(0));
    });
    time("select", || wait_by_select(&reader));
    time("pselect", || {
        let mut set = FdSet::new();
        set.insert(reader.as_fd());
        let limit = TimeSpec::from(HOUR);
        let ready = pselect(None, &mut set, None, None, &limit, None);
        assert_eq!(ready, Ok(0));
        assert!(!set.contains(reader.as_fd()));
    });
    time("epoll", || wait_by_epoll(&reader, true));
}

fn wait_by_poll(reader: &PipeReader) {
    let mut polled = [PollFd::new(reader.as_fd(), PollFlags::POLLIN)];
    let limit = PollTimeout::try_from(HOUR).expect("it is not too long");
    assert_eq!(poll(&mut polled, limit), Ok(0));
}

fn wait_by_select(reader: &PipeReader) {
    let mut set = FdSet::new();
    set.insert(reader.as_fd());
    let mut limit = TimeVal::new(3600, 0);
    let ready = select(None, &mut set, None, None, &mut limit);
    assert_eq!(ready, Ok(0));
    assert!(!set.contains(reader.as_fd()));
}

fn wait_by_epoll(reader: &PipeReader, limited: bool) {
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC);
    let epoll = epoll.expect("there is room");
    let event = EpollEvent::new(EpollFlags::EPOLLIN, 7);
    epoll.add(reader, event).expect("it is not there yet");
    let limit = match limited {
        true => EpollTimeout::try_from(HOUR).expect("it is not too long"),
        false => EpollTimeout::NONE,
    };
    let ready = epoll.wait(&mut [EpollEvent::empty()], limit);
    assert_eq!(ready, Ok(usize::from(!limited)));
}

fn timespec(time: Duration) -> Timespec {
    Timespec::try_from(time).expect("it is not too long")
}

fn from_now(time: Duration) -> Timespec {
    clock_gettime(ClockId::Monotonic) + timespec(time)
}

fn wait_at_futex() {
    let (word, flags) = (AtomicU32::new(0), futex::Flags::PRIVATE);
    let woken = futex::wait(&word, flags, 0, Some(&timespec(HOUR)));
    assert_eq!(woken, Err(rustix::io::Errno::TIMEDOUT));
}

fn futexes() {
    time("futex for a time", wait_at_futex);
    time("futex until a moment", || {
        let (word, flags) = (AtomicU32::new(0), futex::Flags::PRIVATE);
        let (moment, all) = (from_now(HOUR), 1.try_into().expect("not 0"));
        let woken = futex::wait_bitset(&word, flags, 0, Some(&moment), all);
        assert_eq!(woken, Err(rustix::io::Errno::TIMEDOUT));
    });
}

fn sleep_until(time: Duration) {
    let slept = clock_nanosleep_absolute(ClockId::Monotonic, &from_now(time));
    assert_eq!(slept, Ok(()));
}

extern "C" fn ignore(_signal: i32) {}

/// Lets `signal` interrupt calls.
#[allow(unsafe_code)]
fn catch(signal: Signal) {
    let handler = SigHandler::Handler(ignore);
    let action = SigAction::new(handler, SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler does nothing.
    unsafe { sigaction(signal, &action) }.expect("it can be caught");
}

fn an_interrupted_sleep() {
    catch(Signal::SIGUSR1);
    let pid = getpid();
    let mut other = Command::new("sh");
    other.arg("-c").arg(format!("sleep 1200; kill -USR1 {pid}"));
    let mut other = other.spawn().expect("it can be started");
    let start = Instant::now();
    match nanosleep(&timespec(HOUR)) {
        NanosleepRelativeResult::Interrupted(rest) => {
            let rest = Duration::try_from(rest).expect("it is positive");
            println!("rest {}", rest.as_secs_f64().round() * 1000.0);
        }
        other => println!("{other:?}"),
    }
    println!("slept {}", start.elapsed().as_millis());
    other.wait().expect("it ends");
}

/// A child that ends, or a signal whose default is to be ignored, must not be
/// seen by whoever waits for something else.
fn ignored_signals() {
    let (reader, writer) = std::io::pipe().expect("there is room");
    disturbed("sleep", || thread::sleep(HOUR));
    disturbed("poll", || wait_by_poll(&reader));
    disturbed("select", || wait_by_select(&reader));
    disturbed("epoll", || wait_by_epoll(&reader, true));
    disturbed("futex", wait_at_futex);
    disturbed_for_long(&reader, writer);
}

/// Prints how long an action takes while a child of this process ends.
fn disturbed(name: &str, action: impl FnOnce()) {
    let child = Command::new("sleep").arg("1000").spawn();
    time(name, action);
    child.expect("it can be started").wait().expect("it ends");
}

fn disturbed_for_long(reader: &PipeReader, writer: PipeWriter) {
    let later = thread::spawn(move || {
        thread::sleep(2 * HOUR);
        // Whoever polls notices that.
        drop(writer);
    });
    disturbed("epoll without a limit", || wait_by_epoll(reader, false));
    later.join().expect("it does not panic");
}
