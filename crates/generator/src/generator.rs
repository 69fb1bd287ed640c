//! Generators.

use std::cell::Cell;
use std::fmt;
use std::rc::Rc;

use corosensei::{Coroutine, CoroutineResult};

use crate::{Error, Result};

/// What a generator is resumed with. Errors lie aside, in a [`Slot`]: a switch
/// is so quick that even the copying of their few bytes would show.
enum Resumption<S> {
    Next,
    Send(S),
    Throw,
}

/// Where an error lies that goes into the body or comes out of it.
type Slot = Rc<Cell<Option<Error>>>;

/// A function that pauses where it yields, and goes on at the next call. It
/// yields values `Y`, and may be sent values `S`. Python: a generator.
pub struct Generator<Y, S = ()> {
    body: Coroutine<Resumption<S>, Y, ()>,
    error: Slot,
}

/// What a generator is doing. It shows by Python's name. Python:
/// `inspect.getgeneratorstate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It has not begun. Python: `GEN_CREATED`.
    Created,
    /// It is running. Python: `GEN_RUNNING`.
    Running,
    /// It waits where it has yielded. Python: `GEN_SUSPENDED`.
    Suspended,
    /// It has ended. Python: `GEN_CLOSED`.
    Closed,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Created => "GEN_CREATED",
            Self::Running => "GEN_RUNNING",
            Self::Suspended => "GEN_SUSPENDED",
            Self::Closed => "GEN_CLOSED",
        })
    }
}

/// A generator's own side of it, by which its body yields.
pub struct Yielder<'a, Y, S = ()> {
    inner: &'a corosensei::Yielder<Resumption<S>, Y>,
    error: &'a Slot,
}

impl<Y, S> Yielder<'_, Y, S> {
    /// Hands a value out, and waits to be resumed; returns the value that is
    /// sent then, or `None` after a [`next`](Generator::next). Python:
    /// `sent = yield value`.
    ///
    /// # Errors
    /// What is thrown into the generator, and [`Error::GeneratorExit`] when it
    /// is closed.
    pub fn yield_(&self, value: Y) -> Result<Option<S>> {
        received(self.inner.suspend(value), self.error)
    }

    /// [`State::Running`]. Only the body can see that of its generator: who
    /// runs it has borrowed it.
    #[must_use]
    pub fn state(&self) -> State {
        State::Running
    }
}

impl<Y: 'static, S: 'static> Generator<Y, S> {
    /// Makes a generator; its body begins at the first [`next`](Self::next).
    ///
    /// ```
    /// use generator::Generator;
    ///
    /// let mut itr = Generator::new(|co| {
    ///     let mut index = 0;
    ///     loop {
    ///         index += co.yield_(index)?.unwrap_or(1);
    ///     }
    /// });
    /// assert_eq!(itr.next()?, 0);
    /// assert_eq!(itr.send(5)?, 5);
    /// assert_eq!(itr.next()?, 6);
    /// # Ok::<(), generator::Error>(())
    /// ```
    pub fn new(
        body: impl FnOnce(&Yielder<'_, Y, S>) -> Result + 'static,
    ) -> Self {
        let error = Slot::default();
        let slot = Rc::clone(&error);
        let body = Coroutine::new(move |inner, first| {
            let error = &slot;
            let ending = received(first, error)
                .and_then(|_| body(&Yielder { inner, error }));
            slot.set(ending.err());
        });
        Self { body, error }
    }

    /// Makes a generator that yields what an iterator yields. Python: a
    /// generator expression, `(x * x for x in xs)`.
    ///
    /// ```
    /// use generator::Generator;
    ///
    /// let mut squares = Generator::<i32>::expression((0..3).map(|x| x * x));
    /// assert!(squares.items().flatten().eq([0, 1, 4]));
    /// ```
    pub fn expression(items: impl IntoIterator<Item = Y> + 'static) -> Self {
        Self::new(move |co| {
            items
                .into_iter()
                .try_for_each(|item| co.yield_(item).map(drop))
        })
    }
}

impl<Y, S> Generator<Y, S> {
    /// Runs the body to its next `yield_`, and returns what that yields.
    /// Python: `next(generator)`.
    ///
    /// # Errors
    /// [`Error::StopIteration`] if it has ended, or ends now; what its body
    /// raises.
    ///
    /// # Panics
    /// If its body does; it is closed then.
    #[expect(
        clippy::should_implement_trait,
        reason = "Python's next tells an end and a failure as errors"
    )]
    pub fn next(&mut self) -> Result<Y> {
        self.resume(Resumption::Next)
    }

    /// As [`next`](Self::next), and lets the `yield_` that waits return this
    /// value. Python: `generator.send(value)`.
    ///
    /// # Errors
    /// Those of `next`, and [`Error::JustStarted`] if none waits yet:
    /// `send(None)` is `next`, and may come first.
    ///
    /// # Panics
    /// As `next`.
    pub fn send(&mut self, value: impl Into<Option<S>>) -> Result<Y> {
        let value = value.into();
        if value.is_some() && self.state() == State::Created {
            return Err(Error::JustStarted);
        }
        self.resume(value.map_or(Resumption::Next, Resumption::Send))
    }

    /// As [`next`](Self::next), and lets the `yield_` that waits fail with
    /// [`Error::Raised`]. A generator that has not begun, or has ended, only
    /// gives it back. Python: `generator.throw(error)`.
    ///
    /// ```
    /// use generator::{Error, Generator};
    ///
    /// let mut itr = Generator::<_>::new(|co| match co.yield_("waiting") {
    ///     Err(Error::Raised(_)) => co.yield_("caught").map(drop),
    ///     sent => sent.map(drop),
    /// });
    /// itr.next()?;
    /// assert_eq!(itr.throw("bad")?, "caught");
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of `next`; what was thrown, if the body passes it on.
    ///
    /// # Panics
    /// As `next`.
    pub fn throw(
        &mut self,
        error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Result<Y> {
        let error = Error::raise(error);
        if self.state() == State::Closed {
            return Err(error);
        }
        self.raise(error)
    }

    /// Ends the body: lets the `yield_` that waits fail with
    /// [`Error::GeneratorExit`]. Python: `generator.close()`.
    ///
    /// # Errors
    /// [`Error::IgnoredExit`] if it yields instead of ending; what else its
    /// body raises.
    ///
    /// # Panics
    /// As [`next`](Self::next).
    pub fn close(&mut self) -> Result {
        match self.raise(Error::GeneratorExit) {
            Ok(_) => Err(Error::IgnoredExit),
            Err(Error::GeneratorExit | Error::StopIteration) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn raise(&mut self, error: Error) -> Result<Y> {
        self.error.set(Some(error));
        self.resume(Resumption::Throw)
    }

    fn resume(&mut self, with: Resumption<S>) -> Result<Y> {
        if self.body.done() {
            return Err(Error::StopIteration);
        }
        match self.body.resume(with) {
            CoroutineResult::Yield(value) => Ok(value),
            CoroutineResult::Return(()) => Err(self.ending()),
        }
    }

    #[cold]
    fn ending(&self) -> Error {
        match self.error.take() {
            None => Error::StopIteration,
            Some(stop @ Error::StopIteration) => {
                Error::RaisedStopIteration(stop.into())
            }
            Some(error) => error,
        }
    }

    /// What it yields until it ends. Python: `for item in generator`.
    pub fn items(&mut self) -> Items<'_, Y, S> {
        Items(self)
    }

    /// What it is doing; never [`State::Running`], which only its body sees.
    #[must_use]
    pub fn state(&self) -> State {
        if self.body.done() {
            State::Closed
        } else if self.body.started() {
            State::Suspended
        } else {
            State::Created
        }
    }
}

/// What a `yield_` returns.
fn received<S>(with: Resumption<S>, error: &Slot) -> Result<Option<S>> {
    match with {
        Resumption::Next => Ok(None),
        Resumption::Send(value) => Ok(Some(value)),
        Resumption::Throw => error.take().map_or(Ok(None), Err),
    }
}

impl<Y, S> Drop for Generator<Y, S> {
    /// Closes it, so that its body can clean up; nobody is left to be told of
    /// an error.
    fn drop(&mut self) {
        if self.state() == State::Suspended {
            let _ = self.close();
        }
    }
}

/// The items that a generator yields, until it ends.
pub struct Items<'a, Y, S>(&'a mut Generator<Y, S>);

impl<Y, S> Iterator for Items<'_, Y, S> {
    type Item = Result<Y>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.0.next() {
            Err(Error::StopIteration) => None,
            item => Some(item),
        }
    }
}
