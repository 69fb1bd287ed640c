//! A list in the server.

use std::ops::Range;

use super::{done, reply};
use crate::manager::protocol::{
    Encoded, ListCall, ListChange, ListRead, Refusal, Reply, Span,
};
use crate::pipe::frame;

pub(super) struct List {
    items: Vec<Encoded>,
    /// Grows with each change: whoever has read the list can tell whether it
    /// is still the same.
    version: u64,
}

impl From<Vec<Encoded>> for List {
    fn from(items: Vec<Encoded>) -> Self {
        Self { items, version: 0 }
    }
}

impl List {
    pub(super) fn answer(&mut self, call: ListCall) -> Vec<u8> {
        match call {
            ListCall::Read(read) => self.read(read),
            ListCall::Change(change) => {
                self.version += 1;
                self.change(change)
            }
            ListCall::Replace { version, items } => {
                let same = version == self.version;
                if same {
                    self.version += 1;
                    self.items = items;
                }
                done(same)
            }
        }
    }

    fn read(&self, read: ListRead) -> Vec<u8> {
        let items = &self.items;
        match read {
            ListRead::Get(index) => {
                reply(&self.at(index).map(|index| &items[index]))
            }
            ListRead::Slice(span) => {
                reply(&self.within(&span).map(|range| &items[range]))
            }
            ListRead::Index(item) => reply(&self.find(&item)),
            ListRead::Count(item) => {
                done(items.iter().filter(|it| **it == item).count())
            }
            ListRead::Len => done(items.len()),
            ListRead::Version => done((self.version, items)),
        }
    }

    fn change(&mut self, change: ListChange) -> Vec<u8> {
        match change {
            ListChange::Extend(more) => {
                self.items.extend(more);
                done(())
            }
            ListChange::Set(index, item) => {
                reply(&self.at(index).map(|index| self.items[index] = item))
            }
            ListChange::SetSlice(span, items) => {
                reply(&self.within(&span).map(|range| {
                    self.items.splice(range, items);
                }))
            }
            ListChange::Insert(index, item) => {
                let place = Span {
                    start: index,
                    end: Some(index),
                };
                reply(&self.within(&place).map(|place| {
                    self.items.insert(place.start, item);
                }))
            }
            ListChange::Pop => done(self.items.pop()),
            ListChange::PopAt(index) => {
                reply(&self.at(index).map(|index| self.items.remove(index)))
            }
            ListChange::Remove(item) => reply(&self.find(&item).map(|index| {
                self.items.remove(index);
            })),
            ListChange::Reverse => {
                self.items.reverse();
                done(())
            }
            ListChange::Repeat(times) => reply(&self.repeat(times)),
        }
    }

    fn at(&self, index: usize) -> Reply<usize> {
        let len = self.items.len();
        if index < len {
            return Ok(index);
        }
        Err(Refusal::OutOfRange { index, len })
    }

    fn within(&self, span: &Span) -> Reply<Range<usize>> {
        let len = self.items.len();
        let start = span.start;
        let end = span.end.unwrap_or(len);
        if start.max(end) > len {
            let index = start.max(len);
            return Err(Refusal::OutOfRange { index, len });
        }
        if start > end {
            let what = format!("the range starts at {start} and ends at {end}");
            return Err(Refusal::Invalid(what));
        }
        Ok(start..end)
    }

    fn find(&self, item: &Encoded) -> Reply<usize> {
        let found = self.items.iter().position(|it| it == item);
        found.ok_or(Refusal::NoSuchItem)
    }

    fn repeat(&mut self, times: usize) -> Reply<()> {
        let Some(more) = times.checked_sub(1) else {
            self.items.clear();
            return Ok(());
        };
        let len = self.items.len();
        if len == 0 {
            return Ok(());
        }
        let no_room = || {
            let what = format!("no room for {times} times {len} items");
            Refusal::Invalid(what)
        };
        // A few bytes ask for it. What is longer than a message could not be
        // read in one piece, and might take the memory of all the others.
        let room: usize = self.items.iter().map(Encoded::room).sum();
        if room.saturating_mul(times) > frame::MAX {
            return Err(no_room());
        }
        self.items
            .try_reserve(len.saturating_mul(more))
            .map_err(|_| no_room())?;
        for _ in 0..more {
            self.items.extend_from_within(..len);
        }
        Ok(())
    }
}
