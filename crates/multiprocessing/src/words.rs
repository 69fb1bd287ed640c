//! Short messages in words that several processes share.

use crate::sys::machine::AtomicU64;
use crate::sys::machine::Ordering::Relaxed;

pub(crate) const WORD: usize = size_of::<u64>();

/// Writes a message for which there are words enough.
pub(crate) fn write(words: &[AtomicU64], message: &[u8]) {
    let (whole, rest) = message.as_chunks::<WORD>();
    for (to, from) in words.iter().zip(whole) {
        to.store(u64::from_ne_bytes(*from), Relaxed);
    }
    if !rest.is_empty() {
        let mut last = [0; WORD];
        last[..rest.len()].copy_from_slice(rest);
        words[whole.len()].store(u64::from_ne_bytes(last), Relaxed);
    }
}

/// Appends the message of `len` bytes that was written to `message`, as long as
/// there are words: whoever has written them may be out of his mind.
pub(crate) fn read(words: &[AtomicU64], len: usize, message: &mut Vec<u8>) {
    let words = &words[..len.div_ceil(WORD).min(words.len())];
    let end = message.len() + len.min(words.len() * WORD);
    message.reserve_exact(words.len() * WORD);
    for word in words {
        message.extend(word.load(Relaxed).to_ne_bytes());
    }
    message.truncate(end);
}
