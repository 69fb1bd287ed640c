//! A future by itself, in all its states.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use concurrent::futures::{Error, Future};

fn running() -> Future<i32> {
    let future = Future::new();
    assert!(future.set_running());
    future
}

fn finished() -> Future<i32> {
    let future = running();
    future.set_result(42).expect("it is not done");
    future
}

fn failed() -> Future<i32> {
    let future = running();
    let message = "a black day".into();
    let error = Error::TaskPanicked { message };
    future.set_exception(error).expect("it is not done");
    future
}

fn cancelled() -> Future<i32> {
    let future = Future::new();
    assert!(future.cancel());
    future
}

#[test]
fn b219_a_callback_is_called_once_also_when_it_comes_late() {
    let (sender, calls) = mpsc::channel();
    let future = running();
    let add = |future: &Future<i32>| {
        let sender = sender.clone();
        future.add_done_callback(move |future| {
            sender.send(future.result().ok()).expect("the test waits");
        });
    };
    add(&future);
    assert!(calls.try_recv().is_err());
    future.set_result(5).expect("it is not done");
    assert_eq!(calls.try_iter().collect::<Vec<_>>(), [Some(5)]);
    add(&future);
    add(&failed());
    add(&cancelled());
    let late: Vec<_> = calls.try_iter().collect();
    assert_eq!(late, [Some(5), None, None]);
}

#[test]
fn b219_a_callback_is_called_when_the_future_is_cancelled() {
    let (sender, calls) = mpsc::channel();
    let future = Future::<i32>::new();
    future.add_done_callback(move |future| {
        sender.send(future.cancelled()).expect("the test waits");
    });
    assert!(future.cancel());
    assert!(future.cancel());
    assert_eq!(calls.iter().collect::<Vec<_>>(), [true]);
}

#[test]
fn b220_after_a_callback_that_panics_the_next_is_called() {
    let (sender, calls) = mpsc::channel();
    let future = running();
    future.add_done_callback(|_| panic!("on purpose"));
    future.add_done_callback(move |_| sender.send(1).expect("it waits"));
    future.set_result(5).expect("it is not done");
    assert_eq!(calls.iter().count(), 1);
}

#[test]
fn b221_only_what_has_not_begun_can_be_cancelled() {
    assert!(Future::<i32>::new().cancel());
    assert!(!running().cancel());
    assert!(cancelled().cancel());
    assert!(!finished().cancel());
    assert!(!failed().cancel());
    assert!(!cancelled().set_running());
}

#[test]
fn b222_each_state_tells_what_it_is() {
    let state = |future: &Future<i32>| {
        (future.cancelled(), future.done(), future.running())
    };
    assert_eq!(state(&Future::new()), (false, false, false));
    assert_eq!(state(&running()), (false, false, true));
    assert_eq!(state(&cancelled()), (true, true, false));
    assert_eq!(state(&finished()), (false, true, false));
    assert_eq!(state(&failed()), (false, true, false));
}

#[test]
fn b223_a_limit_of_nothing_gives_what_is_there() {
    let result = |future: Future<i32>| future.result_timeout(Duration::ZERO);
    assert!(matches!(result(Future::new()), Err(Error::TimedOut)));
    assert!(matches!(result(running()), Err(Error::TimedOut)));
    assert!(matches!(result(cancelled()), Err(Error::Cancelled)));
    assert!(matches!(result(failed()), Err(Error::TaskPanicked { .. })));
    assert!(matches!(result(finished()), Ok(42)));
}

#[test]
fn b223_a_limit_is_waited_for() {
    let (limit, start) = (Duration::from_millis(50), Instant::now());
    let result = running().result_timeout(limit);
    assert!(matches!(result, Err(Error::TimedOut)));
    assert!(start.elapsed() >= limit);
}

#[test]
fn b224_result_waits_until_it_is_set_or_cancelled() {
    let (one, other) = (Future::new(), Future::<i32>::new());
    let (setter, canceller) = (one.clone(), other.clone());
    let thread = thread::spawn(move || {
        thread::sleep(Duration::from_millis(20));
        setter.set_result(42).expect("it is not done");
        thread::sleep(Duration::from_millis(20));
        assert!(canceller.cancel());
    });
    let limit = Duration::from_mins(1);
    assert!(matches!(one.result_timeout(limit), Ok(42)));
    let error = other.result_timeout(limit);
    assert!(matches!(error, Err(Error::Cancelled)));
    thread.join().expect("the thread's assertions hold");
}

#[test]
fn b225_exception_mirrors_result() {
    let exception =
        |future: Future<i32>| future.exception_timeout(Duration::ZERO);
    assert!(matches!(exception(running()), Err(Error::TimedOut)));
    assert!(matches!(exception(cancelled()), Err(Error::Cancelled)));
    assert!(matches!(exception(finished()), Ok(None)));
    let error = failed().exception().expect("it is done");
    let error = error.expect("it has failed").to_string();
    assert_eq!(error, "the task panicked: a black day");
}

#[test]
fn b226_the_first_result_stays() {
    let future = finished();
    assert!(matches!(future.set_result(1), Err(Error::InvalidState)));
    let error = future.set_exception(Error::TimedOut);
    assert!(matches!(error, Err(Error::InvalidState)));
    assert!(matches!(future.result(), Ok(42)));
    assert!(matches!(
        cancelled().set_result(1),
        Err(Error::InvalidState)
    ));
}

#[test]
fn b227_what_is_seen_of_a_future_fits_together() {
    for round in 0..500 {
        let future = running();
        let setter = future.clone();
        let setting = thread::spawn(move || setter.set_result(round));
        loop {
            let (done, still_runs) = (future.done(), future.running());
            let result = future.result_timeout(Duration::ZERO);
            assert!(!(done && still_runs), "what is done runs no more");
            assert!(!done || result.is_ok(), "what is done has a result");
            if let Ok(result) = result {
                assert_eq!(result, round);
                assert!(future.done() && !future.cancelled());
                break;
            }
        }
        setting.join().expect("no panic").expect("it was not done");
    }
}

#[test]
fn b228_a_future_shows_as_in_python() {
    let shown = |future: Future<i32>| {
        let text = format!("{future:?}");
        let (_, state) = text.split_once(" state=").expect("it tells it");
        assert!(text.starts_with("<Future at 0x"), "{text}");
        state.to_string()
    };
    assert_eq!(shown(Future::new()), "pending>");
    assert_eq!(shown(running()), "running>");
    assert_eq!(shown(cancelled()), "cancelled>");
    assert_eq!(shown(finished()), "finished returned i32>");
    let raised = "finished raised the task panicked: a black day>";
    assert_eq!(shown(failed()), raised);
}
