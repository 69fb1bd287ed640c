//! What Python raises.

/// What the functions of this crate return, and the bodies as well.
pub type Result<T = (), E = Error> = std::result::Result<T, E>;

/// What a generator or a greenlet raises. It shows as Python shows it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The generator has ended, and yields no more.
    #[error("StopIteration")]
    StopIteration,
    /// Raised inside a generator when it is closed. Pass it on, with `?`.
    #[error("GeneratorExit")]
    GeneratorExit,
    /// Raised inside a greenlet when it is killed. Pass it on, with `?`.
    #[error("GreenletExit")]
    GreenletExit,
    /// A value was sent, and no `yield_` waits for it: begin with `next`.
    #[error("TypeError: can't send non-None value to a just-started generator")]
    JustStarted,
    /// The body itself returned [`Error::StopIteration`], which is the source.
    /// A body ends by returning `Ok(())`.
    #[error("RuntimeError: generator raised StopIteration")]
    RaisedStopIteration(#[source] Box<Error>),
    /// The body went on to yield although it was closed.
    #[error("RuntimeError: generator ignored GeneratorExit")]
    IgnoredExit,
    /// A switch to a name that no greenlet has.
    #[error("there is no greenlet '{0}' to switch to")]
    NoSuchGreenlet(&'static str),
    /// What a body raised, or what was thrown into it.
    #[error(transparent)]
    Raised(Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// An error of the body's own. Python: `raise`.
    ///
    /// ```
    /// use generator::{Error, Generator};
    ///
    /// let mut itr = Generator::<i32>::new(|_| Err(Error::raise("no luck")));
    /// assert_eq!(itr.next().unwrap_err().to_string(), "no luck");
    /// ```
    pub fn raise(
        error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Raised(error.into())
    }
}
