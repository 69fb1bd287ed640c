//! Values, arrays, namespaces and queues that can be waited for, in a manager's
//! server.

use multiprocessing::{
    Error, EventProxy, LockProxy, NamespaceProxy, Pool, Result,
};
use serde::{Deserialize, Serialize};

use crate::harness::{Test, list};
use crate::manager_sync::{manager, ok, once_waiting};
use crate::support::{in_child, joined, started};

pub(crate) const TESTS: &[Test] = list![
    b198_plain_inner_containers_come_back_as_copies,
    b199_a_joinable_queue_in_a_list_and_in_a_dict,
    b200_a_namespace_has_attributes_of_any_type,
    b200_a_namespace_hides_private_names_when_printed,
    b205_a_child_puts_into_a_queue_of_two,
    b205_a_joinable_queue_is_waited_for,
    b205_a_child_sets_a_value,
    b205_a_child_changes_an_array,
    b205_a_child_changes_a_namespace,
    b205_a_child_changes_a_list_and_a_dict,
    proxies_of_all_kinds_travel,
];

fn b198_plain_inner_containers_come_back_as_copies() {
    ok(|| {
        let manager = manager();
        let outer = manager.list_from([vec![1, 2]])?;
        let mut inner = outer.get(0)?;
        inner.push(3);
        assert_eq!(outer.get(0)?, [1, 2]);
        outer.set(0, inner)?;
        assert_eq!(outer.get(0)?, [1, 2, 3]);

        let outer = manager.dict_from([('a', vec![1])])?;
        outer.get(&'a')?.expect("it was put there").clear();
        assert_eq!(outer.get(&'a')?, Some(vec![1]));
        let value = manager.value(vec![1])?;
        value.get()?.clear();
        assert_eq!(value.get()?, [1]);
        Ok(())
    });
}

fn b199_a_joinable_queue_in_a_list_and_in_a_dict() {
    ok(|| {
        let manager = manager();
        let queue = manager.joinable_queue(0)?;
        let list = manager.list_from([queue.clone()])?;
        let dict = manager.dict_from([(7, queue)])?;
        list.get(0)?.put(1)?;
        let queue = dict.get(&7)?.expect("it was put there");
        assert_eq!(queue.try_get()?, 1);
        queue.task_done()?;
        list.get(0)?.join()
    });
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Point {
    x: f64,
    y: f64,
}

#[track_caller]
fn is_missing<T>(result: Result<T>, name: &str) {
    match result {
        Err(Error::NoSuchAttribute { name: missing }) => {
            assert_eq!(missing, name);
        }
        other => panic!("{:?}", other.map(drop)),
    }
}

fn b200_a_namespace_has_attributes_of_any_type() {
    ok(|| {
        let manager = manager();
        let namespace = manager.namespace()?;
        namespace.set("x", 10)?;
        namespace.set("name", "Ada")?;
        namespace.set("place", Point { x: 0.5, y: -1.0 })?;
        assert_eq!(namespace.get::<i32>("x")?, 10);
        assert_eq!(namespace.get::<String>("name")?, "Ada");
        let place = namespace.get::<Point>("place")?;
        assert_eq!(place, Point { x: 0.5, y: -1.0 });
        namespace.set("x", vec![1, 2])?;
        assert_eq!(namespace.get::<Vec<i32>>("x")?, [1, 2]);
        let other_type = namespace.get::<u8>("name");
        assert!(matches!(other_type, Err(Error::Decode { .. })));
        namespace.delete("name")?;
        is_missing(namespace.delete("name"), "name");
        is_missing(namespace.get::<String>("name"), "name");
        assert_eq!(namespace.names()?, ["x", "place"]);
        Ok(())
    });
}

fn b200_a_namespace_hides_private_names_when_printed() {
    ok(|| {
        let manager = manager();
        let namespace = manager.namespace()?;
        for name in ["x", "_hidden", "y"] {
            namespace.set(name, 1)?;
        }
        assert_eq!(format!("{namespace:?}"), "Namespace(x, y)");
        assert_eq!(namespace.get::<i32>("_hidden")?, 1);
        manager.shutdown()?;
        assert_eq!(format!("{namespace:?}"), "Namespace()");
        Ok(())
    });
}

fn b205_a_child_puts_into_a_queue_of_two() {
    ok(|| {
        let manager = manager();
        let queue = manager.queue(2)?;
        let child = started(|| (0..3).try_for_each(|i| queue.put(i)));
        once_waiting(&manager, 1);
        assert!(queue.full()?);
        assert_eq!((queue.get()?, queue.get()?, queue.get()?), (0, 1, 2));
        assert_eq!(joined(&child), 0);
        Ok(())
    });
}

fn b205_a_joinable_queue_is_waited_for() {
    ok(|| {
        let manager = manager();
        let queue = manager.joinable_queue(2)?;
        let done = manager.list()?;
        queue.join()?;
        let worker = || -> Result<()> {
            while let item @ 1.. = queue.get()? {
                done.append(item)?;
                queue.task_done()?;
            }
            Ok(())
        };
        let workers = [(); 3].map(|()| started(worker));
        (1..=10).try_for_each(|item| queue.put(item))?;
        queue.join()?;
        assert_eq!(done.len()?, 10);
        assert!(matches!(queue.task_done(), Err(Error::DoneTooOften)));
        workers.iter().try_for_each(|_| queue.put(0))?;
        assert!(workers.iter().all(|worker| joined(worker) == 0));
        Ok(())
    });
}

fn b205_a_child_sets_a_value() {
    ok(|| {
        let manager = manager();
        let value = manager.value("one".to_string())?;
        let child = || -> Result<()> {
            assert_eq!(value.get()?, "one");
            value.set("two".into())
        };
        assert_eq!(in_child(child), 0);
        assert_eq!(value.get()?, "two");
        Ok(())
    });
}

fn b205_a_child_changes_an_array() {
    ok(|| {
        let manager = manager();
        let array = manager.array(0..5)?;
        let child = || -> Result<()> {
            assert_eq!((array.len()?, array.get(4)?), (5, 4));
            array.set(0, -1)?;
            array.set_slice(2, &[20, 30])
        };
        assert_eq!(in_child(child), 0);
        assert_eq!(array.slice(..)?, [-1, 1, 20, 30, 4]);
        assert_eq!(array.slice(1..3)?, [1, 20]);
        let beyond = [
            array.get(5).map(drop),
            array.set(5, 0),
            array.slice(..6).map(drop),
            array.set_slice(3, &[0, 0, 0]),
        ];
        let refused = |it: &_| matches!(it, Err(Error::OutOfRange { .. }));
        assert!(beyond.iter().all(refused));
        assert_eq!(array.slice(..)?, [-1, 1, 20, 30, 4]);
        assert!(!array.is_empty()? && manager.array::<u8>([])?.is_empty()?);
        Ok(())
    });
}

fn b205_a_child_changes_a_namespace() {
    ok(|| {
        let manager = manager();
        let namespace = manager.namespace()?;
        namespace.set("x", 1)?;
        let child = || -> Result<()> {
            namespace.set("y", namespace.get::<i32>("x")? + 1)?;
            namespace.delete("x")
        };
        assert_eq!(in_child(child), 0);
        assert_eq!(namespace.get::<i32>("y")?, 2);
        assert_eq!(namespace.names()?, ["y"]);
        Ok(())
    });
}

fn b205_a_child_changes_a_list_and_a_dict() {
    ok(|| {
        let manager = manager();
        let (list, dict) = (manager.list_from([1])?, manager.dict()?);
        let child = || -> Result<()> {
            list.append(2)?;
            dict.set('a', list.to_vec()?)
        };
        assert_eq!(in_child(child), 0);
        assert_eq!(dict.items()?, [('a', vec![1, 2])]);
        Ok(())
    });
}

/// A type that is too long to be written.
fn same_type<T>(_as: &T, value: Result<T>) -> Result<T> {
    value
}

/// Each is the same object where it arrives.
fn proxies_of_all_kinds_travel() {
    fn work((lock, event): (LockProxy, EventProxy)) -> EventProxy {
        let held = lock.locked().expect("the server answers");
        assert!(held && !lock.try_acquire().expect("the server answers"));
        event
    }
    ok(|| {
        let manager = manager();
        let pool = Pool::new(1)?;
        let (lock, event) = (manager.lock()?, manager.event()?);
        let _guard = lock.guard()?;
        pool.apply(work, (lock.clone(), event.clone()))?.set()?;
        assert!(event.is_set()?);

        let proxies: NamespaceProxy = manager.namespace()?;
        let (rlock, value) = (manager.rlock()?, manager.value(1)?);
        let (units, array) = (manager.semaphore(1)?, manager.array([1])?);
        let bounded = manager.bounded_semaphore(1)?;
        let (condition, barrier) = (manager.condition()?, manager.barrier(1)?);
        let all = (rlock, value, units, array, bounded, condition, barrier);
        proxies.set("all", &all)?;
        let (rlock, value, units, array, bounded, condition, barrier) =
            same_type(&all, proxies.get("all"))?;
        rlock.acquire()?;
        value.set(2)?;
        units.acquire()?;
        array.set(0, 2)?;
        bounded.acquire()?;
        condition.acquire()?;
        barrier.abort()?;
        let child = || -> Result<()> {
            assert!(all.0.locked()? && all.1.get()? == 2);
            assert!(all.2.value()? == 0 && all.3.get(0)? == 2);
            assert!(all.4.value()? == 0 && !all.5.try_acquire()?);
            assert!(all.6.broken()?);
            Ok(())
        };
        assert_eq!(in_child(child), 0);
        Ok(())
    });
}
