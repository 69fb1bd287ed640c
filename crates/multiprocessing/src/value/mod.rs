//! Plain values and arrays in shared memory.
//!
//! The memory is mapped into every process of the family at once: what one
//! writes, the others read, with no copy and no system call between them. A
//! [`Value`] and an [`Array`] have an [`RLock`] beside the memory and take it
//! for each access, so that a value of many bytes is never seen half written;
//! the raw ones have none, and only values of 1, 2, 4 or 8 bytes are safe from
//! that.
//!
//! Which types can be shared is `bytemuck`'s [`Pod`]: numbers, arrays of them,
//! and structs of them that derive it. Nothing with a pointer, which would
//! mean nothing in another process.

mod array;
mod cells;
mod raw;
mod single;

pub use array::Array;
pub use raw::{RawArray, RawValue};
pub use single::Value;
