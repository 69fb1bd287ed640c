//! The system files: all `unsafe` code of the crate is here, each block with
//! the reason why it is sound; what they offer to the rest is safe.

#![allow(unsafe_code)]

pub(crate) mod fork;
pub(crate) mod machine;
pub(crate) mod method;
pub(crate) mod mutex;
pub(crate) mod page;
pub(crate) mod point;
pub(crate) mod receive;
pub(crate) mod region;
pub(crate) mod retire;
mod robust;
pub(crate) mod signal;
pub(crate) mod task;
pub(crate) mod wide;
