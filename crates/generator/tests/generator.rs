//! What Python promises of generators.

use std::cell::RefCell;
use std::error::Error as _;
use std::rc::Rc;

use generator::{Error, Generator, State};

fn mygen(n: i32) -> Generator<i32, i32> {
    Generator::new(move |co| {
        let mut now = 0;
        while now < n {
            now += co.yield_(now)?.unwrap_or(1);
        }
        Ok(())
    })
}

/// A generator that tells what happens to it.
fn witness(ignores: bool) -> (Generator<i32>, Rc<RefCell<Vec<String>>>) {
    let log = Rc::new(RefCell::new(Vec::new()));
    let seen = Rc::clone(&log);
    let generator = Generator::new(move |co| {
        for i in 0.. {
            if let Err(error) = co.yield_(i) {
                seen.borrow_mut().push(error.to_string());
                if !ignores {
                    return Err(error);
                }
            }
        }
        Ok(())
    });
    (generator, log)
}

#[test]
fn next_and_send_none_are_one() {
    let mut generator = mygen(3);
    assert_eq!(generator.send(None).ok(), Some(0));
    assert_eq!(generator.next().ok(), Some(1));
    assert_eq!(generator.send(None).ok(), Some(2));
}

#[test]
fn what_is_sent_is_what_yield_returns() {
    let mut generator = mygen(5);
    assert_eq!(generator.next().ok(), Some(0));
    assert_eq!(generator.send(2).ok(), Some(2));
    assert_eq!(generator.next().ok(), Some(3));
    assert_eq!(generator.send(-1).ok(), Some(2));
}

#[test]
fn an_exhausted_generator_stays_exhausted() {
    let mut generator = mygen(1);
    assert!(generator.next().is_ok());
    for _ in 0..2 {
        let error = generator.next().unwrap_err();
        assert!(matches!(error, Error::StopIteration), "{error}");
        assert!(error.source().is_none());
    }
    assert_eq!(generator.state(), State::Closed);
    assert!(generator.close().is_ok());
}

#[test]
fn a_loop_ends_where_it_is_exhausted() {
    let items: Result<Vec<_>, _> = mygen(4).items().collect();
    assert_eq!(items.unwrap(), [0, 1, 2, 3]);
}

#[test]
fn a_stop_iteration_that_is_raised_becomes_a_runtime_error() {
    let mut generator = Generator::<i32>::new(|_| Err(Error::StopIteration));
    let error = generator.next().unwrap_err();
    let message = "RuntimeError: generator raised StopIteration";
    assert_eq!(error.to_string(), message);
    let cause = error.source().expect("a cause").to_string();
    assert_eq!(cause, "StopIteration");
    assert_eq!(generator.state(), State::Closed);
}

#[test]
fn it_is_created_then_running_or_suspended_then_closed() {
    let mut generator = Generator::<State>::new(|co| {
        co.yield_(co.state())?;
        Ok(())
    });
    assert_eq!(generator.state(), State::Created);
    assert_eq!(generator.next().ok(), Some(State::Running));
    assert_eq!(generator.state(), State::Suspended);
    assert!(generator.next().is_err());
    assert_eq!(generator.state().to_string(), "GEN_CLOSED");
}

#[test]
fn nothing_can_be_sent_before_the_first_yield() {
    let mut generator = mygen(2);
    let error = generator.send(7).unwrap_err();
    assert!(matches!(error, Error::JustStarted), "{error}");
    assert_eq!(generator.state(), State::Created);
    assert_eq!(generator.next().ok(), Some(0));
}

#[test]
fn what_is_thrown_is_raised_at_the_yield() {
    let (mut generator, log) = witness(true);
    assert_eq!(generator.next().ok(), Some(0));
    assert_eq!(generator.throw("bad").ok(), Some(1));
    assert_eq!(*log.borrow(), ["bad"]);
}

#[test]
fn what_is_thrown_and_not_caught_comes_back_and_closes() {
    let (mut generator, log) = witness(false);
    assert_eq!(generator.next().ok(), Some(0));
    assert_eq!(generator.throw("bad").unwrap_err().to_string(), "bad");
    assert_eq!(generator.state(), State::Closed);
    assert_eq!(generator.throw("late").unwrap_err().to_string(), "late");
    assert_eq!(*log.borrow(), ["bad"]);
}

#[test]
fn throw_and_close_before_the_first_yield_end_it_unrun() {
    let (mut generator, log) = witness(false);
    assert_eq!(generator.throw("bad").unwrap_err().to_string(), "bad");
    assert_eq!(generator.state(), State::Closed);
    let (mut generator, other) = witness(false);
    assert!(generator.close().is_ok());
    assert_eq!(generator.state(), State::Closed);
    assert!(log.borrow().is_empty() && other.borrow().is_empty());
}

#[test]
fn close_raises_generator_exit_at_the_yield() {
    let (mut generator, log) = witness(false);
    assert!(generator.next().is_ok());
    assert!(generator.close().is_ok());
    assert_eq!(*log.borrow(), ["GeneratorExit"]);
    assert!(matches!(generator.next(), Err(Error::StopIteration)));
}

#[test]
fn who_yields_when_closed_is_told_and_goes_on() {
    let (mut generator, _) = witness(true);
    assert!(generator.next().is_ok());
    let error = generator.close().unwrap_err();
    assert!(matches!(error, Error::IgnoredExit), "{error}");
    assert_eq!(generator.state(), State::Suspended);
    assert_eq!(generator.next().ok(), Some(2));
}

#[test]
fn another_error_at_the_close_is_told() {
    let mut generator = Generator::<i32>::new(|co| {
        co.yield_(0).map_err(|_| Error::raise("worse"))?;
        Ok(())
    });
    assert!(generator.next().is_ok());
    assert_eq!(generator.close().unwrap_err().to_string(), "worse");
}

#[test]
fn a_generator_that_is_dropped_is_closed() {
    for ignores in [false, true] {
        let (mut generator, log) = witness(ignores);
        assert!(generator.next().is_ok());
        drop(generator);
        assert_eq!(log.borrow()[0], "GeneratorExit");
        assert_eq!(Rc::strong_count(&log), 1, "the body is dropped");
    }
}

#[test]
fn a_panic_reaches_who_runs_it_and_closes_it() {
    let mut generator = Generator::<i32>::new(|_| panic!("on purpose"));
    let next = std::panic::AssertUnwindSafe(|| generator.next());
    assert!(std::panic::catch_unwind(next).is_err());
    assert_eq!(generator.state(), State::Closed);
}

#[test]
fn a_function_that_is_called_can_yield() {
    fn twice(co: &generator::Yielder<'_, i32>, item: i32) -> generator::Result {
        co.yield_(item)?;
        co.yield_(item)?;
        Ok(())
    }
    let mut generator =
        Generator::new(|co| (1..3).try_for_each(|item| twice(co, item)));
    assert!(generator.items().flatten().eq([1, 1, 2, 2]));
}
