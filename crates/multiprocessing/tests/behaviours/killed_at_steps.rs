//! Kills a process at each step of an operation, one process after the other.

use std::cell::OnceCell;
use std::env;
use std::fs;

use multiprocessing::{Process, Result, active_children};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};

use crate::steps::{Place, Tracee, between_stops, once_stopped};
use crate::support::{SOON, eventually, joined, seed, started};
use crate::waiting::settle;

/// So many are tried of the steps at which nothing changes for others.
const SAMPLE: usize = 40;

/// The end of a process that was killed in the middle of an operation, or when
/// the operation had returned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Death {
    pub(crate) pid: i32,
    pub(crate) returned: bool,
}

/// What a process does with a `T`.
type Action<'s, T> = Box<dyn Fn(&T) -> Result<()> + 's>;

/// An operation on a `T`, and who else is there.
pub(crate) struct Operation<'s, T> {
    make: Box<dyn Fn() -> T + 's>,
    before: Action<'s, T>,
    action: Action<'s, T>,
    waiters: usize,
    /// The waiters come when the victim sleeps.
    late: bool,
    wait: Action<'s, T>,
    meanwhile: Box<dyn Fn(&T) + 's>,
}

impl<'s, T> Operation<'s, T> {
    /// What the victim does, with an object of its own.
    pub(crate) fn new(
        make: impl Fn() -> T + 's,
        action: impl Fn(&T) -> Result<()> + 's,
    ) -> Self {
        Self {
            make: Box::new(make),
            before: Box::new(|_| Ok(())),
            action: Box::new(action),
            waiters: 0,
            late: false,
            wait: Box::new(|_| Ok(())),
            meanwhile: Box::new(|_| {}),
        }
    }

    /// What the victim has done already.
    pub(crate) fn after(
        mut self,
        before: impl Fn(&T) -> Result<()> + 's,
    ) -> Self {
        self.before = Box::new(before);
        self
    }

    /// Processes that do `wait`, and have to, before the victim begins.
    pub(crate) fn with_waiters(
        mut self,
        count: usize,
        wait: impl Fn(&T) -> Result<()> + 's,
    ) -> Self {
        self.waiters = count;
        self.wait = Box::new(wait);
        self
    }

    /// As [`with_waiters`](Self::with_waiters), behind the victim.
    pub(crate) fn with_late_waiters(
        self,
        count: usize,
        wait: impl Fn(&T) -> Result<()> + 's,
    ) -> Self {
        Self {
            late: true,
            ..self.with_waiters(count, wait)
        }
    }

    /// What happens whenever the victim sleeps, or else after its death.
    pub(crate) fn meanwhile(mut self, meanwhile: impl Fn(&T) + 's) -> Self {
        self.meanwhile = Box::new(meanwhile);
        self
    }

    /// The steps of the operation.
    pub(crate) fn record(&self) -> Vec<Place> {
        self.run(None, |_, _, _| {})
    }

    /// Kills a victim at `place`, if it comes there, or else at the end.
    pub(crate) fn killed_at(&self, place: Place) -> T {
        let mut object = None;
        self.run_with(&mut object, Some(place), |_, _, _| {});
        object.expect("it was made")
    }

    /// Goes through the steps, a victim and an object each. `check` looks at
    /// what is left.
    pub(crate) fn killed(&self, check: impl Fn(&T, &Waiters<'_>, Death)) {
        let places = self.run(None, &check);
        at_each(&places, |place| {
            self.run(Some(place), &check);
        });
    }

    fn run(
        &self,
        place: Option<Place>,
        check: impl Fn(&T, &Waiters<'_>, Death),
    ) -> Vec<Place> {
        self.run_with(&mut None, place, check)
    }

    /// Runs a victim to `place`, or records its way to the end.
    fn run_with(
        &self,
        object: &mut Option<T>,
        place: Option<Place>,
        check: impl Fn(&T, &Waiters<'_>, Death),
    ) -> Vec<Place> {
        let object = &*object.insert((self.make)());
        let victim = started(|| {
            (self.before)(object).expect("it works");
            between_stops(|| (self.action)(object).expect("it works"));
        });
        let pid = victim.pid().expect("it is open").expect("it was started");
        once_stopped(pid);
        let waiters = OnceCell::new();
        let come = || Waiters::new(self.waiters, || (self.wait)(object));
        if !self.late {
            waiters.get_or_init(come);
        }
        let settled = || settle(&pids_of_children(pid));
        let mut tracee = Tracee::child(pid, settled, || {
            waiters.get_or_init(come);
            (self.meanwhile)(object);
        });
        let (mut places, mut returned) = (Vec::new(), true);
        match place {
            None => places = tracee.record(),
            Some(place) => returned = !tracee.run_to(place),
        }
        victim.kill().expect("it can be killed");
        assert_eq!(joined(&victim), -9);
        tracee.meet_once();
        drop(tracee);
        let waiters = waiters.get_or_init(come);
        check(object, waiters, Death { pid, returned });
        places
    }
}

/// Runs at the steps that matter and at some of the others, or at all.
pub(crate) fn at_each(places: &[Place], run: impl Fn(Place)) {
    let (matter, others): (Vec<Place>, Vec<Place>) =
        places.iter().partition(|place| place.matters);
    let (steps, matters) = (places.len(), matter.len());
    let all = env::var("MP_STEPS").is_ok_and(|steps| steps == "all");
    let others = some(&others, if all { others.len() } else { SAMPLE });
    let mut tried = [matter, others].concat();
    // What an earlier one leaves behind, a later one finds.
    tried.shuffle(&mut random());
    for &place in &tried {
        eprintln!("killed at {place:x?}");
        run(place);
    }
    let tried = tried.len();
    eprintln!("{steps} steps, {matters} of them matter; {tried} tried");
}

/// As many as `count` of the places, chosen at random.
pub(crate) fn some(places: &[Place], count: usize) -> Vec<Place> {
    places.sample(&mut random(), count).copied().collect()
}

fn random() -> StdRng {
    StdRng::seed_from_u64(seed())
}

fn pids_of_children(but: i32) -> Vec<i32> {
    let children = active_children();
    let pids = children.iter().filter_map(|child| child.pid().ok()?);
    pids.filter(|&pid| pid != but).collect()
}

/// Processes that wait, and where each of them does.
pub(crate) struct Waiters<'a> {
    processes: Vec<Process<'a>>,
    pids: Vec<i32>,
    places: Vec<String>,
}

impl<'a> Waiters<'a> {
    /// As many as `count` processes that run `target`, which has to wait.
    fn new(count: usize, target: impl Fn() -> Result<()> + Copy + 'a) -> Self {
        let processes: Vec<_> = (0..count).map(|_| started(target)).collect();
        let pids = processes.iter().filter_map(|one| one.pid().ok()?);
        let pids: Vec<_> = pids.collect();
        let places = loop {
            settle(&pids);
            let places: Vec<_> = pids.iter().map(|&pid| place(pid)).collect();
            // What the victim has taken just then may have woken somebody.
            if places.iter().all(|place| !place.starts_with("running")) {
                break places;
            }
        };
        assert!(places.iter().all(|place| *place != NOWHERE), "{places:?}");
        Self {
            processes,
            pids,
            places,
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.pids.len()
    }

    /// Waits until each of them has ended or sleeps again where it did before,
    /// though nobody else does anything; how many have ended. Who waits at a
    /// lock that is free comes to no rest.
    #[track_caller]
    pub(crate) fn at_rest(&self) -> usize {
        let ended =
            |one: &Process<'_>| !one.is_alive().expect("it was started");
        eventually(SOON, || {
            settle(&self.pids);
            let all = self.processes.iter().zip(&self.pids);
            all.zip(&self.places).all(|((one, &pid), before)| {
                place(pid) == *before || ended(one)
            })
        });
        self.processes.iter().filter(|one| ended(one)).count()
    }

    /// All of them end well.
    #[track_caller]
    pub(crate) fn all_end(&self) {
        for one in &self.processes {
            assert!(one.join_timeout(SOON).expect("it was started"));
            assert_eq!(joined(one), 0);
        }
    }
}

/// Of a process that has ended.
const NOWHERE: &str = " ";

/// The system call in which a process sleeps, and on which word if it is one.
fn place(pid: i32) -> String {
    let line = fs::read_to_string(format!("/proc/{pid}/syscall"));
    let line = line.unwrap_or_default();
    let mut words = line.split_whitespace();
    let call = words.next().unwrap_or_default();
    let word = words.next().filter(|_| call == libc::SYS_futex.to_string());
    format!("{call} {}", word.unwrap_or_default())
}
