//! Parts of arrays: wherever they begin and end, they are what a `Vec` has
//! there, and no item of them is ever seen half written.

use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bytemuck::Pod;
use multiprocessing::{Array, RawArray, Result};

use crate::harness::{Test, list};
use crate::locks::is_free;
use crate::support::{in_child, joined, started};

pub(crate) const TESTS: &[Test] = list![
    any_part_of_an_array_is_that_of_a_vec,
    an_item_of_a_part_is_never_half_written,
    an_update_holds_the_lock_from_the_first_item_to_the_last,
    an_update_that_panics_gives_the_lock_back,
    an_update_of_a_child_is_seen,
];

/// More bytes than are copied in one step, whatever their size.
const BYTES: usize = 500;

/// The parts that begin and end at each third byte, or so.
fn parts(len: usize) -> impl Iterator<Item = (usize, usize)> {
    let step = len.div_ceil(BYTES / 3);
    let starts = (0..=len).step_by(step);
    starts.flat_map(move |start| {
        (start..=len).step_by(step).map(move |end| (start, end))
    })
}

fn any_part_of_an_array_is_that_of_a_vec() {
    fn check<const N: usize>()
    where
        [u8; N]: Pod + Debug,
    {
        let len = BYTES / N;
        let item = |number: usize| {
            let bytes = number.to_le_bytes();
            std::array::from_fn(|byte| bytes[byte % 2])
        };
        let mut expected: Vec<[u8; N]> = (0..len).map(item).collect();
        let array = RawArray::new(expected.clone()).expect("there is memory");
        let change = |item: [u8; N]| item.map(|byte| byte.wrapping_add(3));
        for (turn, (start, end)) in parts(len).enumerate() {
            let part = array.slice(start..end).expect("in range");
            assert_eq!(part, expected[start..end], "{start}..{end} of {N}");
            let other: Vec<_> = (turn..turn + end - start).map(item).collect();
            array.set_slice(start, &other).expect("in range");
            array.update(start..end, change).expect("in range");
            for (to, from) in expected[start..end].iter_mut().zip(other) {
                *to = change(from);
            }
            let all = array.slice(..).expect("in range");
            assert_eq!(all, expected, "{start}..{end} of {N}");
        }
    }
    check::<1>();
    check::<2>();
    check::<3>();
    check::<4>();
    check::<8>();
    check::<12>();
    check::<16>();
    check::<64>();
    check::<96>();
}

fn an_item_of_a_part_is_never_half_written() {
    fn check<const N: usize>()
    where
        [u8; N]: Pod + Debug,
    {
        let len = BYTES / N;
        let array = RawArray::<[u8; N]>::zeroed(len).expect("there is memory");
        let writer = started(|| -> Result<()> {
            for turn in (0..=u8::MAX).cycle().take(2_000) {
                array.set_slice(1, &vec![[turn; N]; len - 1])?;
                array.update(1.., |item| item.map(|byte| !byte))?;
            }
            Ok(())
        });
        let check = |item: [u8; N]| assert_eq!(item, [item[0]; N]);
        while writer.is_alive().expect("it is ours") {
            array
                .slice(1..)
                .expect("in range")
                .into_iter()
                .for_each(check);
            for index in 1..len {
                check(array.get(index).expect("in range"));
            }
        }
        assert_eq!(joined(&writer), 0);
    }
    check::<2>();
    check::<4>();
    check::<8>();
}

fn an_update_holds_the_lock_from_the_first_item_to_the_last() {
    let array = Array::<i64>::zeroed(100).expect("there is memory");
    let add = || -> Result<()> {
        (0..500).try_for_each(|_| array.update(.., |item| item + 1))
    };
    let children = [(); 3].map(|()| started(add));
    assert!(children.iter().all(|child| joined(child) == 0));
    assert_eq!(array.slice(..).expect("in range"), [1_500; 100]);
}

fn an_update_that_panics_gives_the_lock_back() {
    let array = Array::new(0..100).expect("there is memory");
    let update = || {
        array.update(50.., |item| {
            assert!(item < 70, "as meant");
            item + 1
        })
    };
    let panic = catch_unwind(AssertUnwindSafe(update));
    assert!(panic.is_err());
    assert!(is_free(array.get_lock()));
    assert_eq!(array.slice(..51).expect("in range")[49..], [49, 51]);
}

fn an_update_of_a_child_is_seen() {
    let array = Array::new((0..1_000).map(f64::from)).expect("memory");
    assert_eq!(in_child(|| array.update(10.., |item| -item)), 0);
    let all = array.slice(..).expect("in range");
    assert_eq!(all[9..12], [9.0, -10.0, -11.0]);
    assert_eq!(all[998..], [-998.0, -999.0]);
}
