//! Where there is no tracer: it is made for x86-64.

use std::time::Duration;

use crate::error::Error;
use crate::program::Program;
use crate::schedule::Schedule;
use crate::trace::Trace;

pub(crate) fn explore(_: &Program, _: &Schedule) -> Result<Trace, Error> {
    Err(Error::Processor)
}

pub(crate) fn watch(_: &Program, _: Duration) -> Result<Trace, Error> {
    Err(Error::Processor)
}
