//! What an input costs.

/// What the calling thread has allocated while it ran something.
///
/// What was asked for counts, also if nobody has touched it.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// The most bytes at a time.
    pub most: u64,
    /// How many bytes are still there.
    pub left: i64,
}

/// Runs `action`; what it returns, and what it costs.
///
/// # Panics
/// If `action` does.
pub fn cost<T>(action: impl FnOnce() -> T) -> (T, Cost) {
    let mut result = None;
    let run = || result = Some(action());
    let info = allocation_counter::measure(run);
    let cost = Cost {
        most: info.bytes_max,
        left: info.bytes_current,
    };
    (result.expect("it has run"), cost)
}

impl Cost {
    /// At most `fixed` bytes for any input, and `each` for each of its `len`
    /// bytes.
    ///
    /// # Panics
    /// If it was more.
    #[track_caller]
    pub fn is_within(self, fixed: u64, each: u64, len: usize) {
        let limit = fixed + each * len as u64;
        let most = self.most;
        assert!(most <= limit, "{most} bytes for an input of {len}");
    }
}
