//! How long an object lives in a manager's server.

use std::process::{Command, Stdio};

use multiprocessing::{
    ForkResult, ListProxy, Manager, Process, Queue, Result, fork,
};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::harness::{Test, list};
use crate::manager_sync::{manager, ok};
use crate::procfs;
use crate::support::{
    SOON, eventually, in_child, joined, killed, seed, sleep_for_ever, started,
    tell, told,
};

pub(crate) const TESTS: &[Test] = list![
    b210_an_object_goes_with_its_last_proxy,
    b210_what_nobody_has_takes_no_room_in_the_server,
    b210_a_child_keeps_what_it_has_inherited,
    b210_a_forked_process_keeps_what_it_has_inherited,
    b210_what_moves_into_a_child_goes_with_it,
    b210_who_is_killed_gives_its_objects_back,
    b210_an_encoded_proxy_keeps_its_object,
    b210_a_program_that_is_started_keeps_nothing,
    b210_objects_cost_no_more_than_256_descriptors,
    b210_whatever_is_cloned_dropped_forked_and_killed,
];

#[track_caller]
fn has(manager: &Manager, objects: usize) {
    let number = manager.number_of_objects();
    assert_eq!(number.expect("the server answers"), objects);
}

fn b210_an_object_goes_with_its_last_proxy() {
    ok(|| {
        let manager = manager();
        has(&manager, 0);
        let descriptors = procfs::descriptors_at_rest(manager.pid());
        let list = manager.list_from([1])?;
        let clone = list.clone();
        has(&manager, 1);
        drop(list);
        assert_eq!(clone.to_vec()?, [1]);
        has(&manager, 1);
        drop(clone);
        has(&manager, 0);
        {
            let _dict = manager.dict::<u8, u8>()?;
            let _queues = (manager.queue::<u8>(0)?, manager.queue::<u8>(1)?);
            let _joinable = manager.joinable_queue::<u8>(0)?;
            let _values = (manager.value(1)?, manager.array([1])?);
            let _namespace = manager.namespace()?;
            let _locks = (manager.lock()?, manager.rlock()?);
            let _units = (manager.semaphore(1)?, manager.bounded_semaphore(1)?);
            let _others = (manager.event()?, manager.barrier(1)?);
            let _condition = manager.condition()?;
            has(&manager, 14);
        }
        has(&manager, 0);
        let now = || procfs::descriptors_of(manager.pid());
        eventually(SOON, || now() == descriptors);
        let lock = manager.lock()?;
        let condition = manager.condition_with_lock(&lock)?;
        drop(lock);
        has(&manager, 1);
        condition.acquire()?;
        condition.release()
    });
}

/// Also if nobody asks how many there are.
fn b210_what_nobody_has_takes_no_room_in_the_server() {
    ok(|| {
        let manager = manager();
        has(&manager, 0);
        let before = procfs::descriptors_at_rest(manager.pid());
        let events = [(); 20].map(|()| manager.event());
        assert!(procfs::descriptors_of(manager.pid()) >= before + 20);
        drop(events);
        eventually(SOON, || procfs::descriptors_of(manager.pid()) == before);
        Ok(())
    });
}

fn b210_a_child_keeps_what_it_has_inherited() {
    ok(|| {
        let manager = manager();
        let go_on = manager.event()?;
        let list = manager.list::<u32>()?;
        let seen = manager.list::<u32>()?;
        let inherited = list.clone();
        let child = started(move || {
            go_on.wait()?;
            inherited.append(7)?;
            seen.append(inherited.get(0)?)
        });
        // The event and the list of what was seen are the child's alone.
        drop(list);
        has(&manager, 3);
        killed(&child);
        has(&manager, 0);
        Ok(())
    });
}

fn b210_a_forked_process_keeps_what_it_has_inherited() {
    ok(|| {
        let manager = manager();
        let (ready, list) = (manager.event()?, manager.list::<u32>()?);
        match fork()? {
            ForkResult::Child => {
                ready.wait()?;
                // Nobody else has it any more.
                let kept = list.append(1).and_then(|()| list.to_vec());
                let right = kept.is_ok_and(|items| items == [1]);
                std::process::exit(i32::from(!right));
            }
            ForkResult::Parent { child, .. } => {
                drop(list);
                has(&manager, 2);
                ready.set()?;
                child.join()?;
                assert_eq!(child.exitcode()?, Some(0));
            }
        }
        has(&manager, 1);
        Ok(())
    });
}

fn b210_what_moves_into_a_child_goes_with_it() {
    ok(|| {
        let manager = manager();
        let list = manager.list_from([1])?;
        assert_eq!(in_child(move || list.append(2)), 0);
        has(&manager, 0);
        Ok(())
    });
}

fn b210_who_is_killed_gives_its_objects_back() {
    ok(|| {
        let manager = manager();
        let child = started(|| -> Result<()> {
            let _objects = [manager.lock()?, manager.lock()?];
            let _grandchild = started(|| sleep_for_ever());
            tell("made", manager.number_of_objects()?);
            sleep_for_ever()
        });
        assert_eq!(told::<usize>("made"), 2);
        has(&manager, 2);
        killed(&child);
        // The grandchild dies with its parent.
        eventually(SOON, || manager.number_of_objects().is_ok_and(|n| n == 0));
        Ok(())
    });
}

fn b210_an_encoded_proxy_keeps_its_object() {
    ok(|| {
        let manager = manager();
        let messages: Queue<ListProxy<u32>> = Queue::unbounded()?;
        messages.put(manager.list_from([1])?)?;
        has(&manager, 1);
        let child = || messages.get()?.append(2);
        assert_eq!(in_child(child), 0);
        has(&manager, 1);

        let outer = manager.list::<ListProxy<u32>>()?;
        let inner = manager.list_from([1])?;
        let copy = inner.clone();
        outer.append(inner)?;
        drop(copy);
        for _ in 0..3 {
            outer.get(0)?.append(2)?;
        }
        assert_eq!(outer.get(0)?.len()?, 4);
        has(&manager, 3);
        drop(outer);
        has(&manager, 2);

        // A child's own object may be all that is left of it.
        let results: Queue<ListProxy<u32>> = Queue::unbounded()?;
        let child = || results.put(manager.list_from([5])?);
        assert_eq!(in_child(child), 0);
        assert_eq!(results.get()?.to_vec()?, [5]);
        Ok(())
    });
}

fn b210_a_program_that_is_started_keeps_nothing() {
    ok(|| {
        let manager = manager();
        let list = manager.list::<u8>()?;
        let mut program = Command::new("cat");
        let program = program.stdin(Stdio::piped()).stdout(Stdio::null());
        let mut program = program.spawn().expect("every system has it");
        drop(list);
        // It has been started a moment before it gives up what is not its own.
        eventually(SOON, || manager.number_of_objects().is_ok_and(|n| n == 0));
        drop(program.stdin.take());
        program.wait().expect("it is ours");
        Ok(())
    });
}

fn b210_objects_cost_no_more_than_256_descriptors() {
    ok(|| {
        let manager = manager();
        has(&manager, 0);
        let before = procfs::open_descriptors();
        let events = (0..300).map(|_| manager.event());
        let events = events.collect::<Result<Vec<_>>>()?;
        assert_eq!(procfs::open_descriptors(), before + 256);
        has(&manager, 300);
        assert!(events.iter().all(|event| event.set().is_ok()));
        // The first 256 go, the others stay.
        drop(events);
        assert_eq!(procfs::open_descriptors(), before);
        has(&manager, 44);
        let event = manager.event()?;
        has(&manager, 45);
        drop(event);
        has(&manager, 44);
        Ok(())
    });
}

/// What should be there, beside what is.
struct Model<'a> {
    manager: &'a Manager,
    proxies: Vec<(usize, ListProxy<usize>)>,
    /// A child, and which objects it has inherited.
    children: Vec<(Process<'a>, Vec<usize>)>,
    encoded: Vec<usize>,
    messages: Queue<ListProxy<usize>>,
    made: usize,
}

impl Model<'_> {
    fn step(&mut self, random: &mut StdRng) -> Result<()> {
        let place = match self.proxies.len() {
            0 => return self.make(),
            len => random.random_range(0..len),
        };
        match random.random_range(0..12) {
            0..=3 => self.make()?,
            4 | 5 => self.proxies.push(self.proxies[place].clone()),
            6..=8 => drop(self.proxies.swap_remove(place)),
            9 if self.children.len() < 6 => {
                let child = started(|| sleep_for_ever());
                let inherited = self.proxies.iter().map(|(id, _)| *id);
                self.children.push((child, inherited.collect()));
            }
            10 if !self.children.is_empty() => {
                let which = random.random_range(0..self.children.len());
                killed(&self.children.swap_remove(which).0);
            }
            11 => {
                let (id, proxy) = self.proxies.swap_remove(place);
                self.messages.put(proxy)?;
                self.encoded.push(id);
            }
            _ => {}
        }
        Ok(())
    }

    fn make(&mut self) -> Result<()> {
        let list = self.manager.list_from([self.made])?;
        self.proxies.push((self.made, list));
        self.made += 1;
        Ok(())
    }

    fn check(&self) -> Result<()> {
        let inherited = self.children.iter().flat_map(|(_, ids)| ids);
        let mut ids: Vec<_> = self.proxies.iter().map(|(id, _)| id).collect();
        ids.extend(inherited);
        ids.extend(&self.encoded);
        ids.sort_unstable();
        ids.dedup();
        has(self.manager, ids.len());
        for (id, proxy) in &self.proxies {
            assert_eq!(proxy.get(0)?, *id);
        }
        Ok(())
    }
}

fn b210_whatever_is_cloned_dropped_forked_and_killed() {
    let mut random = StdRng::seed_from_u64(seed());
    ok(|| {
        let manager = manager();
        let mut model = Model {
            manager: &manager,
            proxies: Vec::new(),
            children: Vec::new(),
            encoded: Vec::new(),
            messages: Queue::unbounded()?,
            made: 0,
        };
        for _ in 0..400 {
            model.step(&mut random)?;
            model.check()?;
        }
        for (child, _) in &model.children {
            child.kill()?;
            joined(child);
        }
        model.children.clear();
        for id in &model.encoded {
            assert_eq!(model.messages.get()?.get(0)?, *id);
        }
        model.check()
    });
}
