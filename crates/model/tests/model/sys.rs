//! As the library's `sys`, with the machine in the place of what is below.

#[path = "../../../multiprocessing/src/sys/mutex/mod.rs"]
#[allow(dead_code, unsafe_code)]
pub(crate) mod mutex;

pub(crate) use crate::machine::region;
pub(crate) use crate::machine::robust;
pub(crate) use crate::machine::words as machine;

/// The name of an operation is nothing to the model.
pub(crate) mod point {
    pub(crate) fn point(_operation: &'static str) {}
}
