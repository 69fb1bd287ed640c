//! Python's `concurrent.futures` for Rust; all of it is in [`futures`].

pub mod futures;
