//! Texts and bytes that are kept, out of a message.

use std::fmt;

use serde::de::{Error, Visitor};

use crate::copy;

/// A visitor that keeps what it is shown: long texts and bytes are copied for
/// it in steps.
pub(crate) struct Owned<V>(pub(crate) V);

impl<'de, V: Visitor<'de>> Visitor<'de> for Owned<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<V::Value, E> {
        match copy::are_few(text.as_bytes()) {
            true => self.0.visit_str(text),
            false => self.0.visit_string(copy::to_string(text)),
        }
    }

    fn visit_borrowed_str<E: Error>(
        self,
        text: &'de str,
    ) -> Result<V::Value, E> {
        match copy::are_few(text.as_bytes()) {
            true => self.0.visit_borrowed_str(text),
            false => self.0.visit_string(copy::to_string(text)),
        }
    }

    fn visit_borrowed_bytes<E: Error>(
        self,
        bytes: &'de [u8],
    ) -> Result<V::Value, E> {
        match copy::are_few(bytes) {
            true => self.0.visit_borrowed_bytes(bytes),
            false => self.0.visit_byte_buf(copy::to_vec(bytes)),
        }
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<V::Value, E> {
        match copy::are_few(bytes) {
            true => self.0.visit_bytes(bytes),
            false => self.0.visit_byte_buf(copy::to_vec(bytes)),
        }
    }
}
