//! What the proxies of a manager do: dicts, lists and queues.

use std::collections::HashMap;
use std::thread;
use std::time::{Duration, Instant};

use multiprocessing::{Error, Manager, Process};

use crate::harness::{Test, list};
use crate::support::{in_child, joined, started};

pub(crate) const TESTS: &[Test] = list![
    b193_a_list_is_cut_and_lengthened,
    b193_an_index_out_of_range_is_an_error,
    b196_a_dict_keeps_the_order_of_insertion,
    b196_a_dict_is_copied,
    b206_a_queue_is_seen_by_the_child,
    b206_a_queue_has_an_end_and_time_limits,
    b206_a_waiting_get_has_what_another_puts,
    b207_a_child_works_on_a_list,
    b207_a_child_works_on_a_dict,
    four_processes_append_250_items_each,
    sorting_loses_no_item_of_others,
    a_child_does_not_use_its_parents_connection,
    threads_have_connections_of_their_own,
    sixteen_mebibytes_are_a_value,
];

const SHORT: Duration = Duration::from_millis(50);

fn manager() -> Manager {
    Manager::new().expect("a server")
}

type Outcome = multiprocessing::Result<()>;

#[track_caller]
fn ok(outcome: impl FnOnce() -> Outcome) {
    outcome().expect("the server answers");
}

fn b193_a_list_is_cut_and_lengthened() {
    ok(|| {
        let manager = manager();
        let numbers = manager.list_from(0..10)?;
        assert_eq!(numbers.to_vec()?, (0..10).collect::<Vec<_>>());
        let digits = manager.list::<i32>()?;
        assert!(digits.is_empty()?);
        digits.extend(0..5)?;
        assert_eq!(digits.get(2)?, 2);
        assert_eq!(digits.slice(2..10.min(digits.len()?))?, [2, 3, 4]);
        assert_eq!(digits.slice(..=1)?, [0, 1]);
        assert_eq!(digits.slice(5..)?, []);
        digits.repeat(2)?;
        assert_eq!(digits.to_vec()?, [0, 1, 2, 3, 4, 0, 1, 2, 3, 4]);
        digits.append(7)?;
        assert_eq!((digits.len()?, digits.count(&4)?), (11, 2));
        digits.set_slice(1..9, [-1, -2])?;
        assert_eq!(digits.to_vec()?, [0, -1, -2, 4, 7]);
        digits.repeat(0)?;
        assert!(digits.is_empty()?);

        numbers.set(3, 33)?;
        numbers.insert(0, -1)?;
        numbers.insert(11, 10)?;
        assert_eq!(numbers.pop_at(4)?, 33);
        assert_eq!(numbers.to_vec()?, [-1, 0, 1, 2, 4, 5, 6, 7, 8, 9, 10]);
        numbers.clear()?;
        assert_eq!(numbers.pop()?, None);
        Ok(())
    });
}

fn b193_an_index_out_of_range_is_an_error() {
    #[track_caller]
    fn refused<T>(result: multiprocessing::Result<T>, wrong: usize) {
        match result {
            Err(Error::OutOfRange { index, len: 3 }) => {
                assert_eq!(index, wrong);
            }
            other => panic!("{:?}", other.map(drop)),
        }
    }
    ok(|| {
        let manager = manager();
        let letters = manager.list_from(["a", "b", "c"].map(String::from))?;
        refused(letters.get(3), 3);
        refused(letters.set(4, "e".into()), 4);
        refused(letters.pop_at(3), 3);
        refused(letters.insert(4, "e".into()), 4);
        refused(letters.slice(1..5), 3);
        refused(letters.slice(5..), 5);
        refused(letters.set_slice(4..4, []), 4);
        let backwards = letters.slice((
            std::ops::Bound::Included(2),
            std::ops::Bound::Excluded(1),
        ));
        assert!(matches!(backwards, Err(Error::Invalid { .. })));
        assert!(matches!(letters.index("d"), Err(Error::NoSuchItem)));
        assert!(matches!(letters.remove("d"), Err(Error::NoSuchItem)));
        let absurd = letters.repeat(usize::MAX);
        assert!(matches!(absurd, Err(Error::Invalid { .. })));
        assert_eq!(letters.to_vec()?, ["a", "b", "c"]);
        let nothing = manager.list::<String>()?;
        nothing.repeat(usize::MAX)?;
        assert_eq!(nothing.len()?, 0);
        Ok(())
    });
}

fn b196_a_dict_keeps_the_order_of_insertion() {
    ok(|| {
        let manager = manager();
        let squares = manager.dict::<u32, u64>()?;
        for key in [5, 3, 9, 1] {
            squares.set(key, u64::from(key).pow(2))?;
        }
        squares.set(3, 333)?;
        assert_eq!(squares.keys()?, [5, 3, 9, 1]);
        assert_eq!(squares.values()?, [25, 333, 81, 1]);
        assert_eq!(squares.remove(&3)?, Some(333));
        assert_eq!(squares.remove(&3)?, None);
        assert_eq!(squares.items()?, [(5, 25), (9, 81), (1, 1)]);
        assert_eq!(squares.popitem()?, Some((1, 1)));
        assert_eq!((squares.get(&9)?, squares.get(&1)?), (Some(81), None));
        assert!(squares.contains_key(&5)? && !squares.contains_key(&1)?);
        Ok(())
    });
}

fn b196_a_dict_is_copied() {
    ok(|| {
        let manager = manager();
        let letters = (65..70).map(|i: u32| (i, i.to_string()));
        let dict = manager.dict_from(letters.clone())?;
        let copy: HashMap<_, _> = dict.copy()?;
        assert_eq!(copy, letters.collect());
        dict.clear()?;
        assert!(dict.is_empty()? && dict.popitem()?.is_none());
        assert_eq!(copy.len(), 5);
        Ok(())
    });
}

fn b206_a_queue_is_seen_by_the_child() {
    ok(|| {
        let manager = manager();
        let queue = manager.queue(2)?;
        queue.put(5)?;
        queue.put(6)?;
        let child = || -> Outcome {
            assert_eq!(queue.qsize()?, 2);
            assert!(queue.full()? && !queue.empty()?);
            assert_eq!((queue.get()?, queue.get()?), (5, 6));
            assert!(queue.empty()? && !queue.full()?);
            queue.put(7)
        };
        assert_eq!(in_child(child), 0);
        assert_eq!((queue.qsize()?, queue.try_get()?), (1, 7));
        Ok(())
    });
}

fn b206_a_queue_has_an_end_and_time_limits() {
    ok(|| {
        let manager = manager();
        let queue = manager.queue(1)?;
        assert!(matches!(queue.try_get(), Err(Error::Empty)));
        let start = Instant::now();
        assert!(matches!(queue.get_timeout(SHORT), Err(Error::Empty)));
        assert!(start.elapsed() >= SHORT);
        queue.put_timeout("one".to_string(), SHORT)?;
        assert!(matches!(queue.try_put("two".into()), Err(Error::Full)));
        let start = Instant::now();
        let late = queue.put_timeout("two".into(), SHORT);
        assert!(matches!(late, Err(Error::Full)));
        assert!(start.elapsed() >= SHORT);
        assert_eq!(queue.get_timeout(SHORT)?, "one");

        let endless = manager.queue(0)?;
        for i in 0..1000 {
            endless.try_put(i)?;
        }
        assert_eq!((endless.qsize()?, endless.full()?), (1000, false));
        Ok(())
    });
}

fn b206_a_waiting_get_has_what_another_puts() {
    ok(|| {
        let manager = manager();
        let questions = manager.queue::<i32>(1)?;
        let answers = manager.queue::<i32>(1)?;
        let child = started(|| -> Outcome {
            for _ in 0..100 {
                answers.put(questions.get()? + 1)?;
            }
            Ok(())
        });
        for i in 0..100 {
            questions.put(i)?;
            assert_eq!(answers.get()?, i + 1);
        }
        assert_eq!(joined(&child), 0);
        Ok(())
    });
}

fn b207_a_child_works_on_a_list() {
    ok(|| {
        let manager = manager();
        let numbers = manager.list_from([3, 1, 2, 1])?;
        let child = || -> Outcome {
            assert_eq!(numbers.count(&1)?, 2);
            assert_eq!((numbers.index(&2)?, numbers.index(&1)?), (2, 1));
            numbers.remove(&1)?;
            numbers.sort()?;
            assert_eq!(numbers.to_vec()?, [1, 2, 3]);
            numbers.reverse()?;
            assert_eq!(numbers.to_vec()?, [3, 2, 1]);
            assert_eq!((numbers.len()?, numbers.pop_at(0)?), (3, 3));
            numbers.sort_by(|one, other| other.cmp(one))
        };
        assert_eq!(in_child(child), 0);
        assert_eq!(numbers.to_vec()?, [2, 1]);
        Ok(())
    });
}

fn b207_a_child_works_on_a_dict() {
    ok(|| {
        let manager = manager();
        let ages = manager.dict::<String, u8>()?;
        ages.update([("Ada".into(), 36), ("Alan".into(), 41)])?;
        let child = || -> Outcome {
            assert_eq!(ages.get("Ada")?, Some(36));
            assert_eq!(ages.items()?.len(), 2);
            assert_eq!(ages.keys()?, ["Ada", "Alan"]);
            assert_eq!(ages.values()?, [36, 41]);
            assert_eq!(ages.copy::<Vec<_>>()?, ages.items()?);
            assert_eq!(ages.popitem()?, Some(("Alan".into(), 41)));
            assert_eq!(ages.setdefault("Grace".into(), 85)?, 85);
            assert_eq!(ages.setdefault("Ada".into(), 0)?, 36);
            Ok(())
        };
        assert_eq!(in_child(child), 0);
        let expected = [("Ada".to_string(), 36), ("Grace".to_string(), 85)];
        assert_eq!(ages.items()?, expected);
        Ok(())
    });
}

fn four_processes_append_250_items_each() {
    ok(|| {
        let manager = manager();
        let items = manager.list::<(u32, u32)>()?;
        let append = |who| {
            let items = &items;
            started(move || (0..250).try_for_each(|i| items.append((who, i))))
        };
        let children: Vec<_> = (0..4).map(append).collect();
        assert!(children.iter().all(|child| joined(child) == 0));
        let items = items.to_vec()?;
        assert_eq!(items.len(), 1000);
        for who in 0..4 {
            let theirs = items.iter().filter(|(from, _)| *from == who);
            assert!(theirs.map(|(_, i)| *i).eq(0..250), "each in its order");
        }
        Ok(())
    });
}

fn sorting_loses_no_item_of_others() {
    ok(|| {
        let manager = manager();
        let items = manager.list::<u32>()?;
        let child =
            started(|| (0..500).rev().try_for_each(|i| items.append(i)));
        while child.is_alive()? {
            items.sort()?;
        }
        assert_eq!(joined(&child), 0);
        items.sort()?;
        assert_eq!(items.to_vec()?, (0..500).collect::<Vec<_>>());
        Ok(())
    });
}

fn a_child_does_not_use_its_parents_connection() {
    ok(|| {
        let manager = manager();
        let dict = manager.dict::<String, usize>()?;
        let work = |name: &str| {
            (0..500).try_for_each(|i| {
                dict.set(name.into(), i)?;
                assert_eq!(dict.get(name)?, Some(i));
                Ok(())
            })
        };
        let children: Vec<Process<'_>> = ["one", "two"]
            .map(|name| started(move || -> Outcome { work(name) }))
            .into();
        work("parent")?;
        assert!(children.iter().all(|child| joined(child) == 0));
        assert_eq!(dict.len()?, 3);
        Ok(())
    });
}

fn threads_have_connections_of_their_own() {
    ok(|| {
        let manager = manager();
        let queue = manager.queue(0)?;
        thread::scope(|scope| {
            let waiter = scope.spawn(|| queue.get());
            // With one connection for both, this would wait behind the get.
            assert_eq!(queue.qsize()?, 0);
            queue.put(1)?;
            assert_eq!(waiter.join().expect("no panic")?, 1);
            Ok(())
        })
    });
}

fn sixteen_mebibytes_are_a_value() {
    ok(|| {
        let manager = manager();
        let dict = manager.dict::<u8, String>()?;
        let text = "0123456789abcdef".repeat(1 << 20);
        dict.set(1, text.clone())?;
        assert!(dict.get(&1)?.as_ref() == Some(&text));
        Ok(())
    });
}
