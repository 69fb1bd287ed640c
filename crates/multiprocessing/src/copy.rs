//! Copies of many bytes, in steps.
//!
//! What is longer than some KiB the C library copies by one instruction of the
//! processor, `rep movsb`. On AMD's processors since Zen 3 that takes ten times
//! as long where the bytes are not aligned, and what lies in a message is not.
//! What is shorter it copies by vectors, which are nowhere slower.

/// So many bytes are copied by vectors everywhere.
pub(crate) const STEP: usize = 2048;

/// Appends `bytes` to `to`.
#[inline]
pub(crate) fn append(bytes: &[u8], to: &mut Vec<u8>) {
    to.reserve(bytes.len());
    for part in bytes.chunks(STEP) {
        to.extend_from_slice(part);
    }
}

/// The text, in memory of its own.
pub(crate) fn to_string(mut text: &str) -> String {
    let mut copy = String::with_capacity(text.len());
    while !text.is_empty() {
        let (now, later) = text.split_at(text.floor_char_boundary(STEP));
        copy.push_str(now);
        text = later;
    }
    copy
}

/// The bytes, in memory of their own.
pub(crate) fn to_vec(bytes: &[u8]) -> Vec<u8> {
    let mut copy = Vec::with_capacity(bytes.len());
    append(bytes, &mut copy);
    copy
}
