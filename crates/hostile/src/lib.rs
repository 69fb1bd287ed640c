//! Hostile input: functions that take bytes from somebody else, and what those
//! bytes may cost.
//!
//! A [`Target`] gives bytes to a part of the program and panics if that part
//! does not keep its promise. There are two who think up the bytes:
//!
//! - [`replay`], in the tests: the target's seeds, what is in the corpus, and
//!   random mutations of both.
//! - `scripts/fuzz`: libFuzzer, which sees what part of the code an input has
//!   reached and goes on from there. What it finds is kept in the corpus.

mod cost;
mod mutation;
mod replay;

pub use cost::{Cost, cost};
pub use replay::replay;

/// A part of the program that takes bytes from somebody else.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, which is that of its folder in the corpus.
    pub name: &'static str,
    /// Gives it the bytes; panics if it does not do what it should.
    pub run: fn(&[u8]),
    /// Inputs as they are when nobody is hostile.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// Cuts an input into messages: before each stands its length, one byte. The
/// last one may be cut off.
pub fn pieces(mut input: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, rest) = input.split_first()?;
        let (piece, rest) = rest.split_at(rest.len().min((*length).into()));
        input = rest;
        Some(piece)
    })
}

/// The input that [`pieces`] cuts into these; of a long one, its begin.
#[must_use]
pub fn joined<T: AsRef<[u8]>>(pieces: impl IntoIterator<Item = T>) -> Vec<u8> {
    let mut input = Vec::new();
    for piece in pieces {
        let piece = piece.as_ref();
        let length = u8::try_from(piece.len()).unwrap_or(u8::MAX);
        input.push(length);
        input.extend_from_slice(&piece[..length.into()]);
    }
    input
}
