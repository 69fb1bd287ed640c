//! A deserializer that ends where no honest message goes.
//!
//! The bytes of a message bound what its reader does, since an item takes a
//! byte at least. Three things they do not bound, and this does:
//!
//! - how many items without content, as `()`, a sequence has: ten bytes can
//!   promise 2^64 of them;
//! - how deep the items of a recursive type lie in each other: each level takes
//!   some of the reader's stack;
//! - for how many items room is made before the first is there.

use std::cell::Cell;
use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};

use crate::codec::explain;
use crate::owned::Owned;

/// How deep a message may be: sequences, structs, options and the like in each
/// other.
pub(crate) const DEPTH: usize = 256;

/// How many items without content a message may have.
pub(crate) const EMPTY_ITEMS: usize = 1 << 20;

const TOO_DEEP: &str = "it is nested more than 256 deep";
const TOO_MANY: &str = "it has more items than bytes, and a million more";

/// What may still come.
pub(crate) struct Limits {
    depth: Cell<usize>,
    items: Cell<usize>,
    room: Cell<usize>,
}

impl Limits {
    /// Those of a message of `len` bytes.
    pub(crate) fn of(len: usize) -> Self {
        Self {
            depth: Cell::new(DEPTH),
            items: Cell::new(len.saturating_add(EMPTY_ITEMS)),
            room: Cell::new(len),
        }
    }

    /// Goes one level down, for as long as `action` takes.
    fn deeper<T, E: Error>(
        &self,
        action: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        take(&self.depth, TOO_DEEP)?;
        let result = action();
        self.depth.set(self.depth.get() + 1);
        result
    }
}

/// One less is left.
fn take<E: Error>(left: &Cell<usize>, else_why: &'static str) -> Result<(), E> {
    match left.get().checked_sub(1) {
        Some(less) => left.set(less),
        None => return Err(E::custom(explain(else_why))),
    }
    Ok(())
}

/// A part of a deserializer, within limits.
pub(crate) struct Bounded<'l, T> {
    inner: T,
    limits: &'l Limits,
    /// Whether its items are counted: in a sequence or a map, where the message
    /// says how many they are, and not in a tuple or a struct.
    counts: bool,
}

impl<'l, T> Bounded<'l, T> {
    pub(crate) fn new(inner: T, limits: &'l Limits) -> Self {
        Self {
            inner,
            limits,
            counts: false,
        }
    }

    /// The same limits for the parts that `access` promises.
    fn access<A>(&self, access: A, promised: Option<usize>) -> Access<'l, A> {
        Access {
            hint: hint(promised, self.limits),
            access: Bounded {
                inner: access,
                limits: self.limits,
                counts: self.counts,
            },
        }
    }

    fn counting(inner: T, limits: &'l Limits) -> Self {
        Self {
            counts: true,
            ..Self::new(inner, limits)
        }
    }

    fn count<E: Error>(&self) -> Result<(), E> {
        match self.counts {
            true => take(&self.limits.items, TOO_MANY),
            false => Ok(()),
        }
    }
}

/// Of what has no parts.
macro_rules! plain {
    ($($method:ident($($name:ident: $type:ty),*);)*) => {$(
        fn $method<V: Visitor<'de>>(
            self,
            $($name: $type,)*
            visitor: V,
        ) -> Result<V::Value, D::Error> {
            self.inner.$method($($name,)* visitor)
        }
    )*};
}

/// Of what has parts.
macro_rules! nested {
    ($($bounds:ident $method:ident($($name:ident: $type:ty),*);)*) => {$(
        fn $method<V: Visitor<'de>>(
            self,
            $($name: $type,)*
            visitor: V,
        ) -> Result<V::Value, D::Error> {
            let visitor = Bounded::$bounds(visitor, self.limits);
            self.limits.deeper(|| self.inner.$method($($name,)* visitor))
        }
    )*};
}

type Names = &'static [&'static str];

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Bounded<'_, D> {
    type Error = D::Error;

    plain! {
        deserialize_any();
        deserialize_bool();
        deserialize_i8();
        deserialize_i16();
        deserialize_i32();
        deserialize_i64();
        deserialize_i128();
        deserialize_u8();
        deserialize_u16();
        deserialize_u32();
        deserialize_u64();
        deserialize_u128();
        deserialize_f32();
        deserialize_f64();
        deserialize_char();
        deserialize_str();
        deserialize_bytes();
        deserialize_unit();
        deserialize_unit_struct(name: &'static str);
        deserialize_identifier();
        deserialize_ignored_any();
    }

    nested! {
        counting deserialize_seq();
        counting deserialize_map();
        new deserialize_option();
        new deserialize_newtype_struct(name: &'static str);
        new deserialize_tuple(len: usize);
        new deserialize_tuple_struct(name: &'static str, len: usize);
        new deserialize_struct(name: &'static str, fields: Names);
        new deserialize_enum(name: &'static str, variants: Names);
    }

    fn deserialize_string<V: Visitor<'de>>(
        self,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_string(Owned(visitor))
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(
        self,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_byte_buf(Owned(visitor))
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

/// What a deserializer calls for what has parts.
impl<'de, V: Visitor<'de>> Visitor<'de> for Bounded<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(
        self,
        from: D,
    ) -> Result<V::Value, D::Error> {
        self.inner.visit_some(Bounded::new(from, self.limits))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        from: D,
    ) -> Result<V::Value, D::Error> {
        let from = Bounded::new(from, self.limits);
        self.inner.visit_newtype_struct(from)
    }

    fn visit_seq<A: SeqAccess<'de>>(
        self,
        access: A,
    ) -> Result<V::Value, A::Error> {
        let hint = access.size_hint();
        let access = self.access(access, hint);
        self.inner.visit_seq(access)
    }

    fn visit_map<A: MapAccess<'de>>(
        self,
        access: A,
    ) -> Result<V::Value, A::Error> {
        let hint = access.size_hint();
        let access = self.access(access, hint);
        self.inner.visit_map(access)
    }

    fn visit_enum<A: EnumAccess<'de>>(
        self,
        access: A,
    ) -> Result<V::Value, A::Error> {
        self.inner.visit_enum(Bounded::new(access, self.limits))
    }
}

/// For so many items room may be made: for as many in all as there are bytes.
fn hint(promised: Option<usize>, limits: &Limits) -> Option<usize> {
    let granted = promised?.min(limits.room.get());
    limits.room.set(limits.room.get() - granted);
    Some(granted)
}

/// The parts of a sequence or a map, one after the other.
struct Access<'l, A> {
    access: Bounded<'l, A>,
    hint: Option<usize>,
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Access<'_, A> {
    type Error = A::Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, A::Error> {
        self.access.count()?;
        let seed = Bounded::new(seed, self.access.limits);
        self.access.inner.next_element_seed(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        self.hint
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Access<'_, A> {
    type Error = A::Error;

    fn next_key_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, A::Error> {
        self.access.count()?;
        let seed = Bounded::new(seed, self.access.limits);
        self.access.inner.next_key_seed(seed)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<T::Value, A::Error> {
        let seed = Bounded::new(seed, self.access.limits);
        self.access.inner.next_value_seed(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        self.hint
    }
}

impl<'de, 'l, A: EnumAccess<'de>> EnumAccess<'de> for Bounded<'l, A> {
    type Error = A::Error;
    type Variant = Bounded<'l, A::Variant>;

    fn variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<(T::Value, Self::Variant), A::Error> {
        let (value, variant) = self.inner.variant_seed(seed)?;
        Ok((value, Bounded::new(variant, self.limits)))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Bounded<'_, A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<T::Value, A::Error> {
        let seed = Bounded::new(seed, self.limits);
        self.inner.newtype_variant_seed(seed)
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        let visitor = Bounded::new(visitor, self.limits);
        self.inner.tuple_variant(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: Names,
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        let visitor = Bounded::new(visitor, self.limits);
        self.inner.struct_variant(fields, visitor)
    }
}

impl<'de, T: DeserializeSeed<'de>> DeserializeSeed<'de> for Bounded<'_, T> {
    type Value = T::Value;

    fn deserialize<D: Deserializer<'de>>(
        self,
        from: D,
    ) -> Result<T::Value, D::Error> {
        self.inner.deserialize(Bounded::new(from, self.limits))
    }
}
