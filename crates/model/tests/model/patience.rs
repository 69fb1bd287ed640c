//! In the place of the library's `patience.rs`: nobody looks for a moment
//! before he sleeps. The checker lets others act before each step anyway.

pub(crate) fn patiently<T>(
    _has_come: impl Fn() -> bool,
    sleep: impl FnOnce() -> T,
) -> T {
    sleep()
}
