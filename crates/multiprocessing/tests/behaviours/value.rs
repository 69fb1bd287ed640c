//! Values and arrays: what one process writes, the others read.

use bytemuck::{Pod, Zeroable};
use multiprocessing::{Array, Error, RLock, RawArray, RawValue, Result, Value};

use crate::harness::{Test, list};
use crate::locks::is_free;
use crate::support::{in_child, joined, started};
use crate::waiting::once_in;

pub(crate) const TESTS: &[Test] = list![
    b112_b113_a_value_shows_what_a_child_assigns,
    b114_b120_the_lock_and_the_bare_memory_can_be_had,
    b114_b120_a_lock_given_is_the_one_used,
    b115_an_array_has_a_length_and_slices,
    b116_b119_a_slice_may_be_assigned,
    b117_prefix_sums_of_a_child_appear_in_the_parent,
    b118_an_array_of_a_size_is_zeroed,
    b121_structs_are_modified_by_a_child,
    b122_a_copy_is_independent,
    b123_additions_under_the_lock_are_not_lost,
    b124_an_index_out_of_range_is_an_error,
    b124_a_range_out_of_range_is_an_error,
    a_value_of_many_bytes_is_never_half_written,
    items_of_no_bytes_can_be_shared,
    an_array_too_long_is_an_error,
];

#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
struct Point {
    x: f64,
    y: f64,
    label: [u8; 8],
}

fn value<T: Pod>(item: T) -> Value<T> {
    Value::new(item).expect("there is memory for a value")
}

fn array<T: Pod>(items: impl IntoIterator<Item = T>) -> Array<T> {
    Array::new(items).expect("there is memory for an array")
}

fn b112_b113_a_value_shows_what_a_child_assigns() {
    fn check<T: Pod + PartialEq + std::fmt::Debug>(before: T, after: T) {
        let value = value(before);
        let raw = RawValue::new(before).expect("there is memory");
        let items = RawArray::new([before; 3]).expect("there is memory");
        assert_eq!(value.get().expect("its owners live"), before);
        assert_eq!(raw.get(), before);
        assert_eq!(items.slice(..).expect("in range"), [before; 3]);
        let child = || {
            value.set(after)?;
            raw.set(after);
            items.set(1, after)
        };
        assert_eq!(in_child(child), 0);
        assert_eq!(value.get().expect("its owners live"), after);
        assert_eq!(raw.get(), after);
        let expected = [before, after, before];
        assert_eq!(items.slice(..).expect("in range"), expected);
    }
    check(7_i32, -24);
    check(1.5_f64, 6.25);
    check(-3_i16, 12_345);
    check(1_i64 << 40, -(1 << 50));
    check(b'x', 255);
    check(1.5_f32, -2.5);
    check(u64::MAX, 0);
    check([1_u8, 2, 3], [4, 5, 6]);
    check(1_u128 << 100, u128::MAX);
}

fn b114_b120_the_lock_and_the_bare_memory_can_be_had() {
    let (value, array) = (value(5), array([5, 6]));
    for lock in [value.get_lock(), array.get_lock()] {
        let _guard = lock.guard().expect("it is free");
        assert!(!is_free(lock));
    }
    value.get_obj().set(7);
    assert_eq!(value.get().expect("its owners live"), 7);
    array.get_obj().set(1, 7).expect("in range");
    assert_eq!(array.get(1).expect("in range"), 7);
    assert_eq!(in_child(|| value.get_obj().set(8)), 0);
    assert_eq!(value.get_obj().get(), 8);
}

fn b114_b120_a_lock_given_is_the_one_used() {
    let lock = RLock::new().expect("there is memory");
    let value = Value::with_lock(1, &lock).expect("as above");
    let array = Array::with_lock([1], &lock).expect("as above");
    let done = RawValue::new(0).expect("as above");
    let guard = lock.guard().expect("it is free");
    assert!(!is_free(value.get_lock()));
    assert!(!is_free(array.get_lock()));
    // The owner itself may go on.
    value.set(2).expect("the lock is ours");
    array.set(0, 2).expect("the lock is ours");
    let children = [0, 1].map(|which| {
        let (value, array, done) = (&value, &array, &done);
        started(move || {
            let seen = match which {
                0 => value.get()?,
                _ => array.get(0)?,
            };
            assert_eq!((seen, done.get()), (3, 1));
            Ok::<_, Error>(())
        })
    });
    for child in &children {
        once_in(libc::SYS_futex, child);
    }
    done.set(1);
    value.set(3).expect("the lock is ours");
    array.set(0, 3).expect("the lock is ours");
    drop(guard);
    assert!(children.iter().all(|child| joined(child) == 0));
}

fn b115_an_array_has_a_length_and_slices() {
    let items = [680, 626, 934, 821, 150, 233, 548, 982, 714, 831];
    let array = array(items);
    assert_eq!(array.len(), 10);
    assert!(!array.is_empty());
    assert_eq!(array.get(3).expect("in range"), 821);
    assert_eq!(array.slice(2..7).expect("in range"), items[2..7]);
    assert_eq!(array.slice(..=4).expect("in range"), items[..=4]);
    assert_eq!(array.slice(8..).expect("in range"), items[8..]);
    assert_eq!(array.slice(10..).expect("in range"), []);
    // As in Python, a range that ends before its start has nothing in it.
    let backwards =
        (std::ops::Bound::Included(7), std::ops::Bound::Excluded(2));
    assert_eq!(array.slice(backwards).expect("in range"), []);
    let empty = Array::<u8>::new([]).expect("there is memory");
    assert!(empty.is_empty());
    assert_eq!(empty.slice(..).expect("in range"), []);
}

fn b116_b119_a_slice_may_be_assigned() {
    let array = array([0; 10]);
    array.set_slice(4, &[1, 2, 3, 4]).expect("in range");
    let expected = [0, 0, 0, 0, 1, 2, 3, 4, 0, 0];
    assert_eq!(array.slice(..).expect("in range"), expected);
    let all: Vec<_> = (0..10).collect();
    assert_eq!(in_child(|| array.set_slice(0, &all)), 0);
    assert_eq!(array.slice(..).expect("in range"), all);
    array.set_slice(10, &[]).expect("in range");
}

fn b117_prefix_sums_of_a_child_appear_in_the_parent() {
    let items = [680, 626, 934, 821, 150, 233, 548, 982, 714, 831];
    let array = array(items);
    let exitcode = in_child(|| {
        for index in 1..array.len() {
            array.set(index, array.get(index)? + array.get(index - 1)?)?;
        }
        Ok::<_, Error>(())
    });
    assert_eq!(exitcode, 0);
    for (index, sum) in array.slice(..).expect("in range").iter().enumerate() {
        assert_eq!(*sum, items[..=index].iter().sum());
    }
}

fn b118_an_array_of_a_size_is_zeroed() {
    for _ in 0..20 {
        let array = Array::<u32>::zeroed(5_000).expect("there is memory");
        assert_eq!(array.slice(..).expect("in range"), vec![0; 5_000]);
        array
            .set_slice(0, &vec![u32::MAX; 5_000])
            .expect("in range");
    }
}

fn b121_structs_are_modified_by_a_child() {
    let point = |x, y| Point {
        x,
        y,
        label: *b"a point.",
    };
    let one = value(point(1.5, -2.0));
    let many = array((0..4).map(|x| point(f64::from(x), 0.5)));
    let text = array(*b"hello");
    let exitcode = in_child(|| {
        let was = one.get()?;
        one.set(point(was.x * 2.0, was.y * 2.0))?;
        for index in 0..many.len() {
            let was = many.get(index)?;
            many.set(index, point(was.x * 2.0, was.y * 2.0))?;
        }
        text.set_slice(0, &text.slice(..)?.to_ascii_uppercase())
    });
    assert_eq!(exitcode, 0);
    assert_eq!(one.get().expect("its owners live"), point(3.0, -4.0));
    for (index, x) in [0.0, 2.0, 4.0, 6.0].into_iter().enumerate() {
        assert_eq!(many.get(index).expect("in range"), point(x, 1.0));
    }
    assert_eq!(text.slice(..).expect("in range"), b"HELLO");
}

fn b122_a_copy_is_independent() {
    let first = value([2_i32, 3]);
    let copy = value(first.get().expect("its owners live"));
    let handle = first.clone();
    first.set([4, 5]).expect("its owners live");
    assert_eq!(copy.get().expect("its owners live"), [2, 3]);
    assert_eq!(handle.get().expect("its owners live"), [4, 5]);
}

fn b123_additions_under_the_lock_are_not_lost() {
    const TIMES: i64 = 2_000;
    let (value, array) = (value(0_i64), array([0_i64]));
    let add = || -> Result<()> {
        for _ in 0..TIMES {
            let _guard = value.get_lock().guard()?;
            value.set(value.get()? + 1)?;
            let _guard = array.get_lock().guard()?;
            array.set(0, array.get(0)? + 1)?;
        }
        Ok(())
    };
    let children = [(); 4].map(|()| started(add));
    assert!(children.iter().all(|child| joined(child) == 0));
    assert_eq!(value.get().expect("its owners live"), 4 * TIMES);
    assert_eq!(array.get(0).expect("in range"), 4 * TIMES);
}

#[track_caller]
fn out_of_range<T>(result: Result<T>, expected: usize) {
    match result.map(drop) {
        Err(Error::OutOfRange { index, len: 3 }) => assert_eq!(index, expected),
        other => panic!("{other:?}"),
    }
}

fn b124_an_index_out_of_range_is_an_error() {
    let array = array([1_u64, 2, 3]);
    for index in [3, 4, 1 << 40, usize::MAX] {
        out_of_range(array.get(index), index);
        out_of_range(array.set(index, 0), index);
        out_of_range(array.get_obj().get(index), index);
        out_of_range(array.get_obj().set(index, 0), index);
    }
    assert_eq!(array.slice(..).expect("in range"), [1, 2, 3]);
    assert!(is_free(array.get_lock()));
}

fn b124_a_range_out_of_range_is_an_error() {
    let array = array([1_u64, 2, 3]);
    let max = usize::MAX;
    out_of_range(array.slice(0..4), 3);
    out_of_range(array.slice(4..), 3);
    out_of_range(array.slice(..=3), 3);
    out_of_range(array.slice(max..max), max - 1);
    out_of_range(array.slice(0..=max), max - 1);
    out_of_range(array.set_slice(1, &[7, 8, 9]), 3);
    out_of_range(array.set_slice(max, &[7, 8]), max - 1);
    out_of_range(array.update(0..4, |item| item + 1), 3);
    out_of_range(array.get_obj().update(4.., |item| item + 1), 3);
    assert_eq!(array.slice(..).expect("in range"), [1, 2, 3]);
}

fn a_value_of_many_bytes_is_never_half_written() {
    let value = value([0_u64; 64]);
    let array = array([0_u8; 999]);
    let writer = started(|| -> Result<()> {
        for turn in 1..=300_u64 {
            value.set([turn; 64])?;
            array.set_slice(0, &[turn.to_le_bytes()[0]; 999])?;
        }
        Ok(())
    });
    loop {
        let numbers = value.get().expect("its owners live");
        assert_eq!(numbers, [numbers[0]; 64]);
        let bytes = array.slice(..).expect("in range");
        assert_eq!(bytes, [bytes[0]; 999]);
        if !writer.is_alive().expect("it is ours") {
            break;
        }
    }
    assert_eq!(joined(&writer), 0);
    assert_eq!(value.get().expect("its owners live"), [300; 64]);
}

fn items_of_no_bytes_can_be_shared() {
    let array = array([[0_u8; 0]; 5]);
    assert_eq!(array.len(), 5);
    array.set(4, []).expect("in range");
    let mut items = 0;
    let count = |item| {
        items += 1;
        item
    };
    array.update(1.., count).expect("in range");
    assert_eq!(items, 4);
    assert_eq!(array.slice(..).expect("in range"), [[0; 0]; 5]);
    assert!(matches!(array.get(5), Err(Error::OutOfRange { .. })));
}

fn an_array_too_long_is_an_error() {
    for len in [usize::MAX, usize::MAX / 8, 1 << 62, 1 << 50] {
        let array = Array::<u64>::zeroed(len);
        assert!(
            matches!(array, Err(Error::Invalid { .. } | Error::System { .. })),
            "{array:?}"
        );
    }
}
