//! Greenlets that a hub lets run in turn. Python: the package gevent.
//!
//! ```
//! use generator::gevent::Hub;
//! use std::{cell::RefCell, rc::Rc, time::Duration};
//!
//! let seen = Rc::new(RefCell::new(Vec::new()));
//! let mut hub = Hub::new();
//! for name in ["a", "b"] {
//!     let seen = Rc::clone(&seen);
//!     hub.spawn(name, move |here| {
//!         for i in 0..2 {
//!             seen.borrow_mut().push(format!("{name}{i}"));
//!             here.sleep(Duration::ZERO)?;
//!         }
//!         Ok(())
//!     });
//! }
//! hub.run();
//! assert_eq!(*seen.borrow(), ["a0", "b0", "a1", "b1"]);
//! ```

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;
use std::thread;
use std::time::{Duration, Instant};

use corosensei::{Coroutine, CoroutineResult, Yielder};

use crate::{Error, Result};

/// Runs its greenlets, one at a time: each until it sleeps or ends. Greenlets
/// that have not ended end with it. Python: `gevent.get_hub()`.
#[derive(Default)]
pub struct Hub {
    ready: VecDeque<Greenlet>,
    sleeping: Vec<(Instant, Greenlet)>,
}

/// A greenlet, seen from outside; a clone is the same greenlet. It shows as
/// `<Greenlet at 0x…: name>`. Python: `gevent.Greenlet`.
#[derive(Clone)]
pub struct Greenlet(Rc<Inner>);

struct Inner {
    name: String,
    body: RefCell<Option<Body>>,
    killed: Cell<bool>,
    ending: OnceCell<Result>,
    links: RefCell<Vec<Link>>,
}

type Link = Box<dyn FnOnce(&Greenlet)>;

/// It pauses for so long, and is told, when it is resumed, whether it was
/// killed. How it ends it notes itself, since what passes a switch has to be
/// small: the switch is as quick as the copying of some bytes.
type Body = Coroutine<bool, Duration, ()>;

/// A greenlet's own side of it. Python: what `gevent.sleep` and
/// `gevent.getcurrent` find by themselves.
pub struct Here<'a> {
    yielder: &'a Yielder<bool, Duration>,
    greenlet: Greenlet,
}

impl Here<'_> {
    /// Lets the others run for so long, and at least once each if they are
    /// ready. Python: `gevent.sleep(time)`.
    ///
    /// # Errors
    /// [`Error::GreenletExit`] when it is killed.
    // Inlined: the processor predicts where a return goes by the calls before
    // it, and a switch out of a call that the other side has not made is
    // predicted wrong, there and back.
    #[inline]
    pub fn sleep(&self, time: Duration) -> Result {
        go_on(self.yielder.suspend(time))
    }

    /// This greenlet. Python: `gevent.getcurrent()`.
    #[must_use]
    pub fn greenlet(&self) -> &Greenlet {
        &self.greenlet
    }
}

/// What a `sleep` returns.
#[inline]
fn go_on(killed: bool) -> Result {
    match killed {
        true => Err(Error::GreenletExit),
        false => Ok(()),
    }
}

impl Hub {
    /// A hub without greenlets.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a greenlet, which begins in its turn. Python: `gevent.spawn`.
    pub fn spawn(
        &mut self,
        name: impl Into<String>,
        body: impl FnOnce(&Here<'_>) -> Result + 'static,
    ) -> Greenlet {
        let greenlet = Greenlet(Rc::new(Inner {
            name: name.into(),
            body: RefCell::new(None),
            killed: Cell::new(false),
            ending: OnceCell::new(),
            links: RefCell::default(),
        }));
        self.ready.push_back(greenlet.clone());
        let itself = greenlet.clone();
        let coroutine = Coroutine::new(move |yielder, killed| {
            let greenlet = itself;
            let here = Here { yielder, greenlet };
            let ending = go_on(killed).and_then(|()| body(&here));
            // It has none yet: it ends once.
            let _ = here.greenlet.0.ending.set(ending);
        });
        greenlet.0.body.replace(Some(coroutine));
        greenlet
    }

    /// Runs the greenlets until this one has ended. Python: `greenlet.join()`.
    ///
    /// # Panics
    /// If the body of a greenlet does.
    pub fn join(&mut self, greenlet: &Greenlet) {
        while !greenlet.is_dead() && self.turn() {}
    }

    /// Runs the greenlets until all have ended. Python: `gevent.joinall`.
    ///
    /// # Panics
    /// If the body of a greenlet does.
    pub fn run(&mut self) {
        while self.turn() {}
    }

    /// Lets one greenlet run, or sleeps until one is ready; tells whether there
    /// was any.
    // What happens at each switch is inlined, and small; what happens where one
    // sleeps lies aside.
    #[inline]
    fn turn(&mut self) -> bool {
        if !self.sleeping.is_empty() {
            self.wake();
        }
        match self.ready.pop_front() {
            Some(greenlet) => {
                self.resume(greenlet);
                true
            }
            None => self.sleep(),
        }
    }

    #[inline]
    fn resume(&mut self, greenlet: Greenlet) {
        match greenlet.resume() {
            Some(Duration::ZERO) => self.ready.push_back(greenlet),
            pause => self.leave(greenlet, pause),
        }
    }

    /// A greenlet sleeps for so long, or has ended.
    #[cold]
    fn leave(&mut self, greenlet: Greenlet, pause: Option<Duration>) {
        match pause {
            Some(time) => self.sleeping.push((Instant::now() + time, greenlet)),
            None => greenlet.tell(),
        }
    }

    /// Sleeps until the next greenlet is to be woken; tells whether there is any.
    #[cold]
    fn sleep(&mut self) -> bool {
        let next = self.sleeping.iter().map(|(until, _)| *until).min();
        if let Some(next) = next {
            thread::sleep(next.saturating_duration_since(Instant::now()));
        }
        next.is_some()
    }

    #[cold]
    fn wake(&mut self) {
        let now = Instant::now();
        self.sleeping.sort_by_key(|(until, _)| *until);
        let woken = self.sleeping.extract_if(.., |(until, greenlet)| {
            *until <= now || greenlet.0.killed.get()
        });
        self.ready.extend(woken.map(|(_, greenlet)| greenlet));
    }
}

impl Drop for Hub {
    /// A greenlet that has not ended holds itself: on its stack lies its
    /// [`Here`].
    fn drop(&mut self) {
        let sleeping = self.sleeping.drain(..).map(|(_, greenlet)| greenlet);
        for greenlet in self.ready.drain(..).chain(sleeping) {
            drop(greenlet.0.body.take());
        }
    }
}

impl Greenlet {
    /// Lets it run until it sleeps, and tells how long; none: it has ended.
    #[inline]
    fn resume(&self) -> Option<Duration> {
        let mut place = self.0.body.borrow_mut();
        match place.as_mut()?.resume(self.0.killed.take()) {
            CoroutineResult::Yield(time) => Some(time),
            CoroutineResult::Return(()) => {
                *place = None;
                None
            }
        }
    }

    /// Has [`Error::GreenletExit`] raised where it sleeps, as soon as it is its
    /// turn. One that has not begun never does. Python: `gevent.kill(greenlet,
    /// block=False)`.
    pub fn kill(&self) {
        self.0.killed.set(true);
    }

    /// Calls a function when this greenlet has ended with an error: one that
    /// was killed has not. Python: `greenlet.link_exception`.
    pub fn link_exception(&self, callback: impl FnOnce(&Self) + 'static) {
        if self.exception().is_some() {
            callback(self);
        } else if !self.is_dead() {
            self.0.links.borrow_mut().push(Box::new(callback));
        }
    }

    /// Whether it has ended. Python: `greenlet.dead`.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.0.ending.get().is_some()
    }

    /// Whether it has ended without an error, also by being killed. Python:
    /// `greenlet.successful()`.
    #[must_use]
    pub fn successful(&self) -> bool {
        self.is_dead() && self.exception().is_none()
    }

    /// Whether it has ended by being killed. Python: `greenlet.value` is a
    /// `GreenletExit`.
    #[must_use]
    pub fn was_killed(&self) -> bool {
        matches!(self.0.ending.get(), Some(Err(Error::GreenletExit)))
    }

    /// The error with which it has ended. Python: `greenlet.exception`.
    #[must_use]
    pub fn exception(&self) -> Option<&Error> {
        match self.0.ending.get() {
            None | Some(Ok(()) | Err(Error::GreenletExit)) => None,
            Some(Err(error)) => Some(error),
        }
    }

    /// Tells those who want to know that it has ended.
    fn tell(&self) {
        let links = self.0.links.take();
        if self.exception().is_some() {
            for link in links {
                link(self);
            }
        }
    }
}

impl fmt::Display for Greenlet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Greenlet at {:p}: {}>", self.0, self.0.name)
    }
}
