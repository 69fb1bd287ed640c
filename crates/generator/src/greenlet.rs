//! Functions that switch to one another, each by the other's name. Python: the
//! package greenlet.
//!
//! ```
//! use generator::greenlet::Greenlets;
//!
//! let mut greenlets = Greenlets::new();
//! greenlets.add("ping", |here, ball| here.switch("pong", ball + 1));
//! greenlets.add("pong", |here, ball| here.switch("ping", ball + 1));
//! assert_eq!(greenlets.switch("ping", 0)?, 2);
//! assert!(greenlets.is_dead("ping") && !greenlets.is_dead("pong"));
//! # Ok::<(), generator::Error>(())
//! ```

use std::collections::BTreeMap;

use corosensei::{Coroutine, CoroutineResult, Yielder};

use crate::{Error, Result};

/// Whom to switch to, and what to hand over.
type Switch<T> = (&'static str, T);

type Body<T> = Coroutine<Result<T>, Switch<T>, Result<T>>;

/// Greenlets that hand each other values `T`. They end with this.
pub struct Greenlets<T> {
    bodies: BTreeMap<&'static str, Body<T>>,
}

/// A greenlet's own side of it, by which it switches.
pub struct Here<'a, T>(&'a Yielder<Result<T>, Switch<T>>);

impl<T> Here<'_, T> {
    /// Pauses this greenlet, and goes on in another one; returns what somebody
    /// hands over when he switches back. Python: `other.switch(value)`.
    ///
    /// # Errors
    /// [`Error::NoSuchGreenlet`], at once.
    pub fn switch(&self, to: &'static str, value: T) -> Result<T> {
        self.0.suspend((to, value))
    }
}

impl<T: 'static> Greenlets<T> {
    /// No greenlets.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a greenlet, in place of one that had its name. Its body begins when
    /// somebody switches to it, with what he hands over; what it returns goes
    /// to its parent, which is whoever called [`switch`](Self::switch). Python:
    /// `greenlet(body)`.
    pub fn add(
        &mut self,
        name: &'static str,
        body: impl FnOnce(&Here<'_, T>, T) -> Result<T> + 'static,
    ) {
        let body = Coroutine::new(|yielder, first: Result<T>| {
            body(&Here(yielder), first?)
        });
        self.bodies.insert(name, body);
    }

    /// Goes on in a greenlet; returns what the first one returns that ends. The
    /// others stay where they are. A value for a dead one comes back at once.
    /// Python: `greenlet.switch(value)`, from outside of all greenlets.
    ///
    /// # Errors
    /// [`Error::NoSuchGreenlet`]; what a body returns.
    ///
    /// # Panics
    /// If a body does; it is dead then.
    pub fn switch(&mut self, to: &'static str, value: T) -> Result<T> {
        let Some(mut body) = self.bodies.get_mut(to) else {
            return Err(Error::NoSuchGreenlet(to));
        };
        let mut from = to;
        let mut value = Ok(value);
        while !body.done() {
            match body.resume(value) {
                CoroutineResult::Return(value) => return value,
                CoroutineResult::Yield((to, handed))
                    if self.bodies.contains_key(to) =>
                {
                    from = to;
                    value = Ok(handed);
                }
                CoroutineResult::Yield((to, _)) => {
                    value = Err(Error::NoSuchGreenlet(to));
                }
            }
            body = self.bodies.get_mut(from).expect("it has been found");
        }
        value
    }

    /// Whether a greenlet has ended. Python: `greenlet.dead`.
    #[must_use]
    pub fn is_dead(&self, name: &str) -> bool {
        self.bodies.get(name).is_some_and(Coroutine::done)
    }
}

impl<T> Default for Greenlets<T> {
    fn default() -> Self {
        Self {
            bodies: BTreeMap::new(),
        }
    }
}
