//! The machine that the library's algorithms run on here.

pub(crate) mod death;
pub(crate) mod futex;
pub(crate) mod kernel;
pub(crate) mod region;
pub(crate) mod robust;
pub(crate) mod words;
