//! Proxies as items: in other proxies, in queues, in the tasks of a pool.

use multiprocessing::{
    DictProxy, Error, ListProxy, Manager, Pool, Queue, QueueProxy,
};

use crate::harness::{Test, list};
use crate::support::in_child;

pub(crate) const TESTS: &[Test] = list![
    b194_a_list_in_a_list_shows_later_changes,
    b197_an_inner_dict_is_reached_by_both_paths_and_outlives_the_outer,
    b199_a_queue_in_a_list_and_in_a_dict,
    a_proxy_goes_to_a_task_and_comes_back,
    a_proxy_goes_through_a_queue,
    a_proxy_of_one_server_does_not_reach_another,
    a_process_from_before_the_manager_is_told_so,
];

fn manager() -> Manager {
    Manager::new().expect("a server")
}

#[track_caller]
fn ok(outcome: impl FnOnce() -> multiprocessing::Result<()>) {
    outcome().expect("the server answers");
}

fn b194_a_list_in_a_list_shows_later_changes() {
    ok(|| {
        let manager = manager();
        let inner = manager.list_from([1, 2])?;
        let outer = manager.list_from([inner.clone()])?;
        inner.append(3)?;
        assert_eq!(outer.get(0)?.to_vec()?, [1, 2, 3]);
        outer.get(0)?.append(4)?;
        assert_eq!(inner.to_vec()?, [1, 2, 3, 4]);
        Ok(())
    });
}

fn b197_an_inner_dict_is_reached_by_both_paths_and_outlives_the_outer() {
    ok(|| {
        let manager = manager();
        let inner: DictProxy<char, u32> = manager.dict()?;
        let outer = manager.dict_from([('i', inner.clone())])?;
        let path = outer.get(&'i')?.expect("it was put there");
        path.set('a', 1)?;
        inner.set('b', 2)?;
        assert_eq!(path.items()?, [('a', 1), ('b', 2)]);
        outer.clear()?;
        assert_eq!(inner.items()?, [('a', 1), ('b', 2)]);
        Ok(())
    });
}

fn b199_a_queue_in_a_list_and_in_a_dict() {
    ok(|| {
        let manager = manager();
        let queue: QueueProxy<u32> = manager.queue(0)?;
        let list = manager.list_from([queue.clone()])?;
        let dict = manager.dict_from([(7, queue)])?;
        list.get(0)?.put(1)?;
        let queue = dict.get(&7)?.expect("it was put there");
        assert_eq!(queue.try_get()?, 1);
        Ok(())
    });
}

fn a_proxy_goes_to_a_task_and_comes_back() {
    fn append((list, item): (ListProxy<u32>, u32)) -> ListProxy<u32> {
        list.append(item).expect("the server answers");
        list
    }
    ok(|| {
        let manager = manager();
        let pool = Pool::new(2)?;
        let list = manager.list()?;
        assert_eq!(pool.apply(append, (list, 5))?.to_vec()?, [5]);
        Ok(())
    });
}

fn a_proxy_goes_through_a_queue() {
    ok(|| {
        let manager = manager();
        let proxies: Queue<QueueProxy<u32>> = Queue::unbounded()?;
        let queue = manager.queue(0)?;
        proxies.put(queue.clone())?;
        assert_eq!(in_child(|| proxies.get()?.put(9)), 0);
        assert_eq!(queue.try_get()?, 9);
        Ok(())
    });
}

fn a_proxy_of_one_server_does_not_reach_another() {
    ok(|| {
        let managers = [manager(), manager()];
        let lists =
            [managers[0].list_from([10])?, managers[1].list_from([20])?];
        let outer = managers[0].list_from(lists)?;
        assert_eq!(outer.get(0)?.to_vec()?, [10]);
        assert_eq!(outer.get(1)?.to_vec()?, [20]);
        Ok(())
    });
}

fn a_process_from_before_the_manager_is_told_so() {
    fn back(queue: QueueProxy<u32>) -> QueueProxy<u32> {
        queue
    }
    ok(|| {
        let pool = Pool::new(1)?;
        let queue = manager().queue(0);
        let refused = pool.apply(back, queue?);
        assert!(matches!(refused, Err(Error::Decode { .. })), "{refused:?}");
        Ok(())
    });
}
