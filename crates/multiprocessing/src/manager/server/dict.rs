//! A dict in the server: in the order of insertion, as Python's.

use indexmap::IndexMap;

use super::done;
use crate::manager::protocol::{DictCall, Encoded, Pair};

pub(super) struct Dict(IndexMap<Encoded, Encoded>);

impl FromIterator<Pair> for Dict {
    fn from_iter<I: IntoIterator<Item = Pair>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

impl Dict {
    pub(super) fn answer(&mut self, call: DictCall) -> Vec<u8> {
        let map = &mut self.0;
        match call {
            DictCall::Set(key, value) => {
                map.insert(key, value);
                done(())
            }
            DictCall::Update(pairs) => {
                map.extend(pairs);
                done(())
            }
            DictCall::SetDefault(key, value) => {
                done(&*map.entry(key).or_insert(value))
            }
            DictCall::Get(key) => done(map.get(&key)),
            DictCall::Remove(key) => done(map.shift_remove(&key)),
            DictCall::PopItem => done(map.pop()),
            DictCall::Contains(key) => done(map.contains_key(&key)),
            DictCall::Len => done(map.len()),
            DictCall::Clear => {
                map.clear();
                done(())
            }
            DictCall::Keys => done(map.keys().collect::<Vec<_>>()),
            DictCall::Values => done(map.values().collect::<Vec<_>>()),
            DictCall::Items => done(map.iter().collect::<Vec<_>>()),
        }
    }
}
