//! Shared values and arrays.

use std::time::Instant;

use multiprocessing::{Array, Value};

use super::lock::{alone, both, both_raw};
use crate::item::{
    Cost, Item, Place, Target, Unit, floor, nanoseconds, nanoseconds_each,
    ours, python,
};
use crate::raw::mutex::Mutex;
use crate::raw::shared;

const LENGTH: usize = 10_000_000;

pub(super) const ITEMS: &[Item] = &[
    Item {
        name: "value-alone",
        what: "Value: with its lock, += 1, alone",
        unit: Unit::Nanoseconds,
        place: Place::Anywhere,
        target: Target::AtMost(20.0),
        sides: &[
            ours("Value", value),
            python("value_alone"),
            floor("mutex", raw_value),
        ],
    },
    Item {
        name: "value-two",
        what: "Value: with its lock, += 1, 2 processes",
        unit: Unit::Nanoseconds,
        place: Place::Anywhere,
        target: Target::AtMost(45.0),
        sides: &[
            ours("Value", two_values),
            python("value_two"),
            floor("mutex", two_raw_values),
        ],
    },
    Item {
        name: "array-each",
        what: "Array of 10 million: a[i] = -a[i], an element",
        unit: Unit::Nanoseconds,
        place: Place::Anywhere,
        target: Target::AtMost(25.0),
        sides: &[
            ours("Array", array_each),
            python("array_each"),
            floor("mutex", raw_value),
        ],
    },
    Item {
        name: "array-guard",
        what: "the same under one guard, an element",
        unit: Unit::Nanoseconds,
        place: Place::Anywhere,
        target: Target::AtMost(0.15),
        sides: &[
            ours("Array", array_guard),
            python("array_guard"),
            floor("a slice", plain),
        ],
    },
];

fn value() -> Cost {
    let value = Value::new(0_i64)?;
    nanoseconds_each(|| {
        let _guard = value.get_lock().guard()?;
        let raw = value.get_obj();
        raw.set(raw.get() + 1);
        Ok::<_, multiprocessing::Error>(())
    })
}

fn two_values() -> Cost {
    let value = Value::new(0_i64)?;
    both(|| {
        let _guard = value.get_lock().guard()?;
        let raw = value.get_obj();
        raw.set(raw.get() + 1);
        Ok(())
    })
}

fn raw_value() -> Cost {
    let mutex = shared::<Mutex>();
    mutex.init(false);
    alone(|| mutex.add_one())
}

fn two_raw_values() -> Cost {
    let mutex = shared::<Mutex>();
    mutex.init(false);
    both_raw(|| mutex.add_one())
}

fn per_element(mut pass: impl FnMut() -> multiprocessing::Result<()>) -> Cost {
    pass()?;
    let cost = nanoseconds(|count| {
        let start = Instant::now();
        (0..count).try_for_each(|_| pass())?;
        Ok(start.elapsed())
    });
    Ok(cost? / LENGTH as f64)
}

fn array_each() -> Cost {
    let array = Array::<i32>::zeroed(LENGTH)?;
    per_element(|| {
        (0..LENGTH).try_for_each(|index| array.set(index, -array.get(index)?))
    })
}

fn array_guard() -> Cost {
    let array = Array::<i32>::zeroed(LENGTH)?;
    per_element(|| array.update(.., i32::wrapping_neg))
}

fn plain() -> Cost {
    let mut items = vec![0_i32; LENGTH];
    per_element(|| {
        for item in &mut items {
            *item = item.wrapping_neg();
        }
        std::hint::black_box(&items);
        Ok(())
    })
}
