//! Copies of many bytes, in steps.
//!
//! Between some KiB and the size of a cache the C library copies by one
//! instruction of the processor, `rep movsb`. On AMD's processors since Zen 3
//! that takes fifteen times as long if the bytes go to a place of a page that is
//! some bytes further than where they come from, as out of the middle of a
//! message. What is shorter it copies by vectors, which are nowhere slower.

/// So many bytes are copied by vectors everywhere.
const STEP: usize = 2048;

/// So many are not copied by that instruction, at least on the processors that
/// are slow at it.
const MANY: usize = 1 << 20;

/// In steps of so many bytes are `len` to be copied.
#[inline]
pub(crate) fn step(len: usize) -> usize {
    match len < MANY {
        true => STEP,
        false => len,
    }
}

/// Appends `bytes` to `to`.
#[inline]
pub(crate) fn append(bytes: &[u8], to: &mut Vec<u8>) {
    to.reserve(bytes.len());
    for part in bytes.chunks(step(bytes.len())) {
        to.extend_from_slice(part);
    }
}

/// Whether `bytes` are so few that there is nothing to do in steps.
pub(crate) fn are_few(bytes: &[u8]) -> bool {
    bytes.len() <= STEP
}

/// The bytes, in memory of their own.
pub(crate) fn to_vec(bytes: &[u8]) -> Vec<u8> {
    let mut copy = Vec::new();
    append(bytes, &mut copy);
    copy
}

/// The text, in memory of its own.
pub(crate) fn to_string(text: &str) -> String {
    let mut copy = String::with_capacity(text.len());
    let (step, mut rest) = (step(text.len()), text);
    while !rest.is_empty() {
        let (now, later) = rest.split_at(rest.floor_char_boundary(step));
        copy.push_str(now);
        rest = later;
    }
    copy
}

#[cfg(test)]
mod tests {
    use super::{to_string, to_vec};

    #[test]
    fn a_copy_is_the_same_however_long() {
        for len in [0, 1, 2047, 2048, 2049, 100_000, 1 << 20, (1 << 20) + 1] {
            // Characters of three bytes, which lie across the steps.
            let text: String = "x吃".chars().cycle().take(len / 2).collect();
            assert_eq!(to_string(&text), text);
            assert_eq!(to_vec(text.as_bytes()), text.as_bytes());
        }
    }
}
