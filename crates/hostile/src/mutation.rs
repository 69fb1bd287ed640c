//! Random changes of an input.

use rand::RngExt;

/// Numbers at which things change, as postcard writes them or in four bytes.
const NUMBERS: [&[u8]; 8] = [
    &[0x00],
    &[0x7f],
    &[0x80, 0x01],
    &[0xff, 0xff, 0xff, 0xff, 0x0f],
    &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    &[0x7f, 0xff, 0xff, 0xff],
    &[0x80, 0x00, 0x00, 0x00],
    &[0xff, 0xff, 0xff, 0xff],
];

/// No input becomes longer.
const LONGEST: usize = 4096;

/// A few changes of `input`; `other` is another one, to take parts from.
pub(crate) fn mutant(
    random: &mut impl RngExt,
    input: &[u8],
    other: &[u8],
) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..random.random_range(1..=4) {
        change(random, &mut bytes, other);
        bytes.truncate(LONGEST);
    }
    bytes
}

fn change(random: &mut impl RngExt, bytes: &mut Vec<u8>, other: &[u8]) {
    let at = random.random_range(0..=bytes.len());
    let end = random.random_range(at..=bytes.len().min(at + 16));
    match random.random_range(0..7) {
        0 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << random.random_range(0..8);
            }
        }
        1 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = random.random();
            }
        }
        2 => drop(bytes.drain(at..end)),
        3 => bytes.extend_from_within(at..end),
        4 => {
            let number = NUMBERS[random.random_range(0..NUMBERS.len())];
            bytes.splice(at..end, number.iter().copied());
        }
        5 => {
            let from = random.random_range(0..=other.len());
            let to = random.random_range(from..=other.len());
            bytes.splice(at..end, other[from..to].iter().copied());
        }
        _ => bytes.truncate(at),
    }
}
