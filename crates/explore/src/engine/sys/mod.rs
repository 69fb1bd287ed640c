//! What the kernel and the processor offer a tracer. All `unsafe` code of this
//! crate is here.
#![allow(unsafe_code)]

pub(crate) mod launch;
pub(crate) mod memory;
pub(crate) mod registers;
pub(crate) mod stop;
