//! Calls of a manager's proxies.

use multiprocessing::Manager;

use super::pipe::{sockets, sockets_asleep};
use crate::item::{
    Cost, Item, Place, Target, Unit, Who, floor, nanoseconds_after_pauses,
    nanoseconds_each, ours, python,
};

pub(super) const ITEMS: &[Item] = &[
    Item {
        name: "manager-dict",
        what: "Manager: set or get of a dict, one after the other",
        unit: Unit::Nanoseconds,
        place: Place::Anywhere,
        target: Target::AtMost(1_500.0),
        sides: &[
            ours("DictProxy", dict),
            python("manager_dict"),
            floor("socketpair", sockets),
        ],
    },
    Item {
        name: "manager-dict-one-cpu",
        what: "the same on one CPU",
        unit: Unit::Nanoseconds,
        place: Place::OneProcessor,
        target: Target::Times(1.15, Who::Floor),
        sides: &[
            ours("DictProxy", dict),
            python("manager_dict"),
            floor("socketpair", sockets),
        ],
    },
    Item {
        name: "manager-dict-asleep",
        what: "the same after a pause of 2 ms",
        unit: Unit::Nanoseconds,
        place: Place::Anywhere,
        target: Target::Times(1.1, Who::Floor),
        sides: &[
            ours("DictProxy", dict_asleep),
            python("manager_dict_asleep"),
            floor("socketpair", sockets_asleep),
        ],
    },
    Item {
        name: "manager-queue",
        what: "Manager: put or get of a Queue, one after the other",
        unit: Unit::Nanoseconds,
        place: Place::Anywhere,
        target: Target::AtMost(2_000.0),
        sides: &[
            ours("QueueProxy", queue),
            python("manager_queue"),
            floor("socketpair", sockets),
        ],
    },
];

fn dict() -> Cost {
    let manager = Manager::new()?;
    let dict = manager.dict::<u32, u32>()?;
    let pair = nanoseconds_each(|| {
        dict.set(7, 49)?;
        dict.get(&7).map(drop)
    });
    pair.map(|pair| pair / 2.0)
}

fn dict_asleep() -> Cost {
    let manager = Manager::new()?;
    let dict = manager.dict::<u32, u32>()?;
    dict.set(7, 49)?;
    nanoseconds_after_pauses(|| Ok(dict.get(&7).map(drop)?))
}

fn queue() -> Cost {
    let manager = Manager::new()?;
    let queue = manager.queue::<u32>(0)?;
    let pair = nanoseconds_each(|| {
        queue.put(7)?;
        queue.get().map(drop)
    });
    pair.map(|pair| pair / 2.0)
}
