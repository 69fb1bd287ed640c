//! The behaviours that the crate promises, each as a test.
//!
//! `b008` in a name is the number of a behaviour that CPython's own tests pin
//! down; the name says it in words. The crate's documentation lists the numbers
//! that have no, or another, sense in Rust.

mod array_parts;
mod barrier;
mod barrier_killed;
mod barrier_more;
mod condition;
mod condition_killed;
mod condition_races;
mod connection;
mod connection_bytes;
mod connection_end;
mod connection_place;
mod connection_points;
mod connection_strangers;
mod connection_travel;
mod connection_wait;
mod dummy;
mod event;
mod event_killed;
mod harness;
mod hostile;
mod idle;
mod items;
#[cfg(target_arch = "x86_64")]
mod killed_at_steps;
mod locks;
mod locks_killed;
mod manager;
mod manager_address;
mod manager_killed;
mod manager_kills;
mod manager_life;
mod manager_lifetime;
mod manager_locks;
mod manager_object;
mod manager_published;
mod manager_random;
mod manager_remote;
mod manager_remote_killed;
mod manager_seats;
mod manager_server;
mod manager_strangers;
mod manager_sync;
mod manager_travel;
mod manager_values;
mod messages_big;
mod mounts;
mod pipe;
mod pipe_bytes;
mod pipe_end;
mod pipe_handed;
mod pipe_torn;
mod points;
mod points_manager;
mod points_pool;
mod points_remote;
mod points_waiting;
mod pool;
mod pool_ahead;
mod pool_callbacks;
mod pool_end;
mod pool_family;
mod pool_imap;
mod pool_initializer;
mod pool_items;
mod pool_killed;
mod pool_random;
mod pool_tasks;
mod pool_waits;
mod pool_workers;
mod process_end;
mod process_exit;
mod process_exitcode;
mod process_family;
mod process_fork;
mod process_resources;
mod process_start;
mod process_threads;
mod procfs;
mod queue;
mod queue_joinable;
mod queue_killed;
mod queue_memory;
mod queue_order;
mod region;
mod semaphore;
mod shortage;
mod shortage_calls;
mod shortage_descriptors;
mod shortage_memory;
mod shortage_processes;
mod signals;
#[cfg(target_arch = "x86_64")]
mod steps;
#[cfg(target_arch = "x86_64")]
mod steps_locks;
#[cfg(target_arch = "x86_64")]
mod steps_messages;
#[cfg(target_arch = "x86_64")]
mod steps_pool;
#[cfg(target_arch = "x86_64")]
mod steps_queue;
#[cfg(target_arch = "x86_64")]
mod steps_waiting;
mod support;
mod tracer;
mod value;
mod waiting;

use std::process::ExitCode;

use harness::Test;

/// What is run, file by file.
const TESTS: &[&[Test]] = &[
    process_start::TESTS,
    process_end::TESTS,
    process_exitcode::TESTS,
    process_exit::TESTS,
    process_family::TESTS,
    process_fork::TESTS,
    process_threads::TESTS,
    process_resources::TESTS,
    dummy::TESTS,
    region::TESTS,
    points::TESTS,
    connection_points::TESTS,
    points_remote::TESTS,
    points_pool::TESTS,
    points_manager::TESTS,
    points_waiting::TESTS,
    pipe::TESTS,
    pipe_end::TESTS,
    pipe_bytes::TESTS,
    pipe_handed::TESTS,
    pipe_torn::TESTS,
    connection_wait::TESTS,
    connection_travel::TESTS,
    connection::TESTS,
    connection_end::TESTS,
    connection_place::TESTS,
    connection_strangers::TESTS,
    connection_bytes::TESTS,
    manager::TESTS,
    manager_seats::TESTS,
    manager_server::TESTS,
    manager_travel::TESTS,
    manager_locks::TESTS,
    manager_sync::TESTS,
    manager_values::TESTS,
    manager_killed::TESTS,
    manager_kills::TESTS,
    manager_random::TESTS,
    manager_published::TESTS,
    manager_lifetime::TESTS,
    manager_remote::TESTS,
    manager_address::TESTS,
    manager_object::TESTS,
    manager_life::TESTS,
    manager_strangers::TESTS,
    manager_remote_killed::TESTS,
    locks::TESTS,
    locks_killed::TESTS,
    semaphore::TESTS,
    event::TESTS,
    event_killed::TESTS,
    idle::TESTS,
    condition::TESTS,
    condition_races::TESTS,
    condition_killed::TESTS,
    barrier::TESTS,
    barrier_more::TESTS,
    barrier_killed::TESTS,
    value::TESTS,
    array_parts::TESTS,
    queue::TESTS,
    queue_joinable::TESTS,
    queue_order::TESTS,
    queue_killed::TESTS,
    queue_memory::TESTS,
    #[cfg(target_arch = "x86_64")]
    steps_locks::TESTS,
    #[cfg(target_arch = "x86_64")]
    steps_waiting::TESTS,
    #[cfg(target_arch = "x86_64")]
    steps_queue::TESTS,
    #[cfg(target_arch = "x86_64")]
    steps_messages::TESTS,
    #[cfg(target_arch = "x86_64")]
    steps_pool::TESTS,
    signals::TESTS,
    shortage_descriptors::TESTS,
    shortage_processes::TESTS,
    shortage_memory::TESTS,
    messages_big::TESTS,
    pool::TESTS,
    pool_items::TESTS,
    pool_imap::TESTS,
    pool_ahead::TESTS,
    pool_callbacks::TESTS,
    pool_end::TESTS,
    pool_killed::TESTS,
    pool_family::TESTS,
    pool_waits::TESTS,
    pool_workers::TESTS,
    pool_initializer::TESTS,
    pool_random::TESTS,
];

/// What tests run as a program of its own, with a main function.
const PROGRAMS: &[&[Test]] = &[
    process_exit::PROGRAMS,
    process_fork::PROGRAMS,
    pool_family::PROGRAMS,
    manager_remote::PROGRAMS,
    points::PROGRAMS,
    connection_points::PROGRAMS,
    points_remote::PROGRAMS,
    points_pool::PROGRAMS,
    points_manager::PROGRAMS,
    points_waiting::PROGRAMS,
];

fn main() -> ExitCode {
    harness::main(TESTS, PROGRAMS)
}
