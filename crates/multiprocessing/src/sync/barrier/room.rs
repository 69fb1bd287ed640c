//! A room with a door and a seat for each party: where a barrier's parties
//! wait, in shared memory.
//!
//! Door and seats are robust mutexes. A party takes the door, then a seat, and
//! gives the door up; it keeps its seat until it leaves. Who takes the last
//! seat lets all pass. So the kernel knows who waits: when one of them dies,
//! it marks the seat and wakes one of those who sleep on that word. All sleep
//! on all seats at once (`futex_waitv`), and on the word that tells of a
//! change; whoever is woken looks, and breaks the barrier, which wakes the
//! others. If it is killed before it can, its own seat is marked, and wakes the
//! next.
//!
//! Until all have left, nobody takes a seat: those at the door wait, and the
//! first of them, who owns the door, sleeps on the seats. If it is killed, the
//! kernel gives the door to the next. Those who are seated are awake then; but
//! if they wait for the last of them to let them pass, it may take a wake-up
//! that was for them, and be killed. So it is the porter meanwhile, and owns
//! another robust mutex, on which all who are seated sleep, too: when it ceases
//! to be the porter, in whatever way, one of them is woken.

use std::time::Duration;

use super::state::{Cause, Fate, State};
use crate::error::{Error, Result};
use crate::futex::{self, MOST_WORDS, Word};
use crate::monitor::{LOCK_PATIENCE, Monitor, Signal};
use crate::sys::machine::{AtomicU32, Instant, Ordering::SeqCst};
use crate::sys::mutex::{Acquired, Held, Kind, RobustMutex, remaining};
use crate::sys::region::{Region, shared_struct};

/// Linux has no more processes and threads at a time.
const MOST_PARTIES: usize = 1 << 22;

/// Beside the word that tells of a change, and the porter, so many seats are
/// watched.
const MOST_WATCHED: usize = MOST_WORDS - 2;

pub(super) struct Room {
    region: Region,
    parties: usize,
}

shared_struct! {
    struct Board {
        lock: RobustMutex,
        door: RobustMutex,
        porter: RobustMutex,
        state: AtomicU32,
        changed: Signal,
    }
}

impl Room {
    pub(super) fn new(parties: usize) -> Result<Self> {
        if !(1..=MOST_PARTIES).contains(&parties) {
            return Err(Error::invalid(format!(
                "a barrier of {parties} parties: from 1 to {MOST_PARTIES} are \
                 possible"
            )));
        }
        let size = size_of::<Board>() + parties * size_of::<RobustMutex>();
        let region = Region::new(size)?;
        let room = Self { region, parties };
        room.board().lock.init(Kind::Plain)?;
        room.board().door.init(Kind::Plain)?;
        for seat in std::iter::once(&room.board().porter).chain(room.seats()) {
            seat.init(Kind::Plain)?;
            seat.let_be_watched();
        }
        Ok(room)
    }

    pub(super) fn parties(&self) -> usize {
        self.parties
    }

    /// How many wait.
    pub(super) fn waiting(&self) -> usize {
        match self.state().fate {
            Fate::Open => self.seats().filter(|seat| seat.is_held()).count(),
            Fate::Passes | Fate::Fails => 0,
        }
    }

    /// Whether it is broken; who asks may be the first to see a death.
    pub(super) fn is_broken(&self) -> bool {
        if let Ok(Some(_held)) = self.hold(Some(Duration::ZERO)) {
            self.look_for_the_dead();
        }
        self.state().broken.is_some()
    }

    pub(super) fn abort(&self) -> Result<()> {
        let _held = self.hold(None)?;
        self.change(|state| state.broken_by(Cause::Aborted));
        Ok(())
    }

    pub(super) fn reset(&self) -> Result<()> {
        let _held = self.hold(None)?;
        self.change(State::reset);
        Ok(())
    }

    /// Takes a seat; waits until one is free, `limit` at most.
    pub(super) fn enter(&self, limit: Option<Duration>) -> Result<Seat<'_>> {
        let start = Instant::now();
        let patience = limit.map(|limit| limit.max(LOCK_PATIENCE));
        let door = &self.board().door;
        if door.acquire(patience)? == Acquired::No {
            return Err(self.late());
        }
        let _door = door.held();
        // Those who pass are gone in a moment, which is not told as a limit.
        let left = remaining(start, limit).map(|it| it.max(LOCK_PATIENCE));
        let seat = self.attempt_asleep(
            &self.board().changed,
            left,
            |word, seen, left| self.sleep_at_the_door((word, seen), left),
            |_held| self.take_seat(),
        )?;
        seat.ok_or_else(|| self.late())
    }

    /// The owner of the door sleeps until there may be a free seat, or somebody
    /// died in one.
    fn sleep_at_the_door(&self, changed: Word<'_>, limit: Option<Duration>) {
        if self.state().fate != Fate::Open {
            let seats = self.seats().filter_map(|it| it.watch_owner());
            return sleep_on(changed, seats.collect(), limit);
        }
        let porter = &self.board().porter;
        let is_porter = porter.acquire(Some(Duration::ZERO)).is_ok();
        let _porter = is_porter.then(|| porter.held());
        sleep_on(changed, watch(self.seats()), limit);
    }

    /// The first free seat, if seats are to be had.
    fn take_seat(&self) -> Result<Option<Seat<'_>>> {
        self.look_for_the_dead();
        let state = self.state();
        if state.broken.is_some() {
            return Err(state.error());
        }
        if state.fate != Fate::Open {
            if !self.is_empty() {
                return Ok(None);
            }
            self.clean_seats()?;
            self.change(|state| State {
                fate: Fate::Open,
                ..state
            });
        }
        self.first_free_seat()
    }

    fn first_free_seat(&self) -> Result<Option<Seat<'_>>> {
        for (index, mutex) in self.seats().enumerate() {
            if mutex.is_mine() {
                return Err(Error::invalid(
                    "the action of a barrier waits at that barrier, and would \
                     wait for itself",
                ));
            }
            if mutex.is_held() {
                continue;
            }
            // Nobody else can take it. But its owner may have died since one
            // looked for the dead, and would be forgotten with the next owner.
            if mutex.dead_owner().is_some() {
                self.look_for_the_dead();
                return Err(self.state().error());
            }
            mutex.acquire(Some(Duration::ZERO))?;
            let room = self;
            return Ok(Some(Seat { room, mutex, index }));
        }
        Ok(None)
    }

    /// Makes free seats of those whose owners died.
    fn clean_seats(&self) -> Result<()> {
        let mut dead = self.seats().filter(|it| it.dead_owner().is_some());
        dead.try_for_each(|seat| {
            seat.acquire(Some(Duration::ZERO))?;
            seat.release()
        })
    }

    /// Breaks the barrier because the time of who has no seat is over.
    fn late(&self) -> Error {
        self.change_anyway(|state| state.broken_by(Cause::Late))
            .error()
    }

    /// Breaks the barrier if one of those who wait is dead.
    fn look_for_the_dead(&self) {
        let mut dead = self.seats().filter_map(RobustMutex::dead_owner);
        if self.state().fate == Fate::Open
            && let Some(pid) = dead.next()
        {
            let pid = pid.unsigned_abs();
            self.change(|state| state.broken_if_open(Cause::Died { pid }));
        }
    }

    fn is_empty(&self) -> bool {
        !self.seats().any(RobustMutex::is_held)
    }

    fn state(&self) -> State {
        self.board().state.load(SeqCst).into()
    }

    /// Goes from one state to the next, and wakes who waits for it; under the
    /// lock. The state after it.
    fn change(&self, next: impl Fn(State) -> State) -> State {
        self.board().changed.wake();
        let next = |word| next(State::from(word));
        let change = |word| Some(u32::from(next(word)));
        let state = &self.board().state;
        match state.fetch_update(SeqCst, SeqCst, change) {
            Ok(before) | Err(before) => next(before),
        }
    }

    /// As [`change`](Self::change), but also if the lock is not to be had,
    /// because its owner is stopped.
    fn change_anyway(&self, next: impl Fn(State) -> State) -> State {
        let held = self.hold(Some(Duration::ZERO));
        let state = self.change(next);
        if !matches!(held, Ok(Some(_))) {
            // Who looked between the wake-up and the change sleeps again.
            self.board().changed.wake();
        }
        state
    }

    fn board(&self) -> &Board {
        self.region.at(0)
    }

    fn seats(&self) -> impl Iterator<Item = &RobustMutex> {
        let seat =
            |index| size_of::<Board>() + index * size_of::<RobustMutex>();
        (0..self.parties).map(move |index| self.region.at(seat(index)))
    }
}

impl Monitor for Room {
    fn lock(&self) -> &RobustMutex {
        &self.board().lock
    }

    fn recover(&self, _held: &Held<'_>) {
        // The state is one word, and never half changed; a dead owner of a
        // seat is found by whoever looks next.
    }
}

/// A seat that the caller has. Whoever leaves it while the others still wait
/// breaks the barrier.
pub(super) struct Seat<'a> {
    room: &'a Room,
    mutex: &'a RobustMutex,
    pub(super) index: usize,
}

impl Seat<'_> {
    /// Whether all seats are taken now.
    pub(super) fn is_last(&self) -> bool {
        self.index + 1 == self.room.parties
    }

    /// Lets all pass.
    pub(super) fn open(&self) -> Result<()> {
        let room = self.room;
        let _held = room.hold(None)?;
        room.look_for_the_dead();
        let state = room.change(|state| match state.fate {
            Fate::Open => State {
                fate: Fate::Passes,
                ..state
            },
            Fate::Passes | Fate::Fails => state,
        });
        outcome(state).unwrap_or(Ok(()))
    }

    /// Waits until somebody lets all pass, `limit` at most.
    pub(super) fn wait(&self, limit: Option<Duration>) -> Result<()> {
        let room = self.room;
        let passed = room.attempt_asleep(
            &room.board().changed,
            limit,
            |word, seen, left| {
                // The porter before the seats: who sleeps on a seat beside it
                // is among those whom it wakes.
                let mut words = vec![room.board().porter.glance()];
                let seats = watch(self.neighbours());
                if !seats.is_empty() {
                    words.extend(seats);
                    sleep_on((word, seen), words, left);
                }
            },
            |_held| {
                room.look_for_the_dead();
                outcome(room.state()).transpose()
            },
        )?;
        if let Some(()) = passed {
            return Ok(());
        }
        let late = |state: State| state.broken_if_open(Cause::Late);
        outcome(room.change_anyway(late)).unwrap_or(Ok(()))
    }

    /// The seats to watch, all if they are not too many.
    fn neighbours(&self) -> impl Iterator<Item = &RobustMutex> {
        let first = self.index.saturating_sub(MOST_WATCHED / 2);
        self.room.seats().skip(first).take(MOST_WATCHED)
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        if self.room.state().fate == Fate::Open {
            let left = |state: State| state.broken_if_open(Cause::Left);
            self.room.change_anyway(left);
        }
        // Ours, and sound: nothing can refuse it.
        let _ = self.mutex.release();
    }
}

/// What a state means for who is seated; none: to wait.
fn outcome(state: State) -> Option<Result<()>> {
    match state.fate {
        Fate::Open => None,
        Fate::Passes => Some(Ok(())),
        Fate::Fails => Some(Err(state.error())),
    }
}

/// The words of the seats to sleep on; none if one of their owners is dead
/// already.
fn watch<'a>(seats: impl Iterator<Item = &'a RobustMutex>) -> Vec<Word<'a>> {
    let words: Option<Vec<_>> = seats.map(RobustMutex::watch).collect();
    words.unwrap_or_default()
}

/// Sleeps until the word has changed, or one of the others; not if there are
/// none.
fn sleep_on<'a>(
    changed: Word<'a>,
    others: Vec<Word<'a>>,
    limit: Option<Duration>,
) {
    if !others.is_empty() {
        futex::wait_any(&[vec![changed], others].concat(), limit);
    }
}
