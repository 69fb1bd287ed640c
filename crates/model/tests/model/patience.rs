//! In the place of the library's `patience.rs`: nobody looks for a moment
//! before he sleeps. The checker lets others act before each step anyway.

pub(crate) struct Look;

impl From<bool> for Look {
    fn from(_has_come: bool) -> Self {
        Self
    }
}

pub(crate) fn has_woken() {}

pub(crate) enum Pace {
    Stream,
}

pub(crate) fn patiently_at<T>(
    _pace: Pace,
    _look: impl FnMut() -> Look,
    sleep: impl FnOnce() -> T,
) -> T {
    sleep()
}
