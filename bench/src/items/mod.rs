//! What is measured, and what it is to reach.

mod coroutine;
mod executor;
mod lock;
mod manager;
mod memory;
pub(crate) mod pipe;
pub(crate) mod pool;
mod process;
pub(crate) mod queue;
mod value;

use crate::item::Item;

pub(crate) fn all() -> Vec<&'static Item> {
    let groups = [
        process::ITEMS,
        pipe::ITEMS,
        queue::ITEMS,
        lock::ITEMS,
        value::ITEMS,
        pool::ITEMS,
        manager::ITEMS,
        executor::ITEMS,
        coroutine::ITEMS,
        memory::ITEMS,
    ];
    groups.into_iter().flatten().collect()
}
