//! `wait` and `as_completed`.

use std::thread;
use std::time::{Duration, Instant};

use concurrent::futures::ReturnWhen::{
    self, AllCompleted, FirstCompleted, FirstException,
};
use concurrent::futures::{
    Error, Future, as_completed, as_completed_timeout, wait, wait_timeout,
};

const LIMIT: Duration = Duration::from_millis(50);

fn futures(count: usize) -> Vec<Future<usize>> {
    (0..count).map(|_| Future::new()).collect()
}

fn finish(future: &Future<usize>) {
    future.set_result(1).expect("it is not done");
}

fn fail(future: &Future<usize>) {
    future
        .set_exception(Error::TimedOut)
        .expect("it is not done");
}

/// How many are done after `actions`, one after the other, in a thread.
fn done_after(
    return_when: ReturnWhen,
    actions: &[fn(&Future<usize>)],
) -> usize {
    let futures = futures(4);
    thread::scope(|scope| {
        scope.spawn(|| {
            for (future, action) in futures.iter().zip(actions) {
                thread::sleep(Duration::from_millis(5));
                action(future);
            }
        });
        let both = wait(&futures, return_when);
        assert_eq!(both.done.len() + both.not_done.len(), 4);
        assert!(both.done.iter().all(Future::done));
        both.done.len()
    })
}

fn cancel(future: &Future<usize>) {
    assert!(future.cancel());
}

#[test]
fn b229_a_future_given_twice_comes_once() {
    let one = Future::new();
    finish(&one);
    let both = wait([&one, &one], AllCompleted);
    assert_eq!((both.done.len(), both.not_done.len()), (1, 0));
}

#[test]
fn b230_first_completed_returns_when_one_is_done() {
    assert!(done_after(FirstCompleted, &[finish]) >= 1);
    assert!(done_after(FirstCompleted, &[fail]) >= 1);
    assert!(done_after(FirstCompleted, &[cancel]) >= 1);
}

#[test]
fn b231_first_completed_returns_at_once_where_some_are() {
    let futures = futures(3);
    finish(&futures[1]);
    let both = wait(&futures, FirstCompleted);
    assert_eq!((both.done.len(), both.not_done.len()), (1, 2));
}

#[test]
fn b232_first_exception_returns_when_one_fails() {
    assert!(done_after(FirstException, &[finish, fail]) >= 2);
    let futures = futures(2);
    fail(&futures[1]);
    assert_eq!(wait(&futures, FirstException).done.len(), 1);
}

#[test]
fn b233_what_is_cancelled_has_not_failed() {
    assert!(done_after(FirstException, &[cancel, finish, fail]) >= 3);
}

#[test]
fn b234_all_completed_waits_for_all() {
    let actions = [finish, fail, cancel, finish];
    assert_eq!(done_after(AllCompleted, &actions), 4);
}

#[test]
fn b235_that_the_limit_has_passed_is_no_error() {
    let (futures, start) = (futures(3), Instant::now());
    finish(&futures[0]);
    let both = wait_timeout(&futures, LIMIT, AllCompleted);
    assert!(start.elapsed() >= LIMIT);
    assert_eq!((both.done.len(), both.not_done.len()), (1, 2));
}

#[test]
fn b236_no_news_are_lost() {
    let futures = futures(100);
    thread::scope(|scope| {
        for future in &futures {
            scope.spawn(|| finish(future));
        }
        assert_eq!(wait(&futures, AllCompleted).done.len(), 100);
    });
}

#[test]
fn b237_as_completed_gives_each_once_the_finished_ones_first() {
    let futures = futures(3);
    finish(&futures[2]);
    cancel(&futures[1]);
    let twice = futures.iter().chain(&futures).cloned();
    let mut completed = as_completed(twice);
    for _ in 0..2 {
        let future = completed.next().expect("two are done").expect("so");
        assert!(future.done());
    }
    finish(&futures[0]);
    let last = completed.next().expect("the third").expect("is done");
    assert!(matches!(last.result(), Ok(1)));
    assert!(completed.next().is_none());
}

#[test]
fn b238_as_completed_ends_when_the_limit_passes() {
    for limit in [Duration::ZERO, LIMIT] {
        let (futures, start) = (futures(4), Instant::now());
        finish(&futures[0]);
        finish(&futures[3]);
        let mut completed = as_completed_timeout(futures, limit);
        assert!(matches!(completed.next(), Some(Ok(_))));
        assert!(matches!(completed.next(), Some(Ok(_))));
        let error = completed.next().expect("the limit passes");
        assert!(start.elapsed() >= limit);
        let error = error.expect_err("two are missing").to_string();
        assert_eq!(error, "2 (of 4) futures unfinished");
        assert!(completed.next().is_none());
    }
}

#[test]
fn b239_as_completed_keeps_nothing_that_it_has_given() {
    let (result, future) = (std::sync::Arc::new(()), Future::new());
    future.set_result(result.clone()).expect("it is not done");
    let mut completed = as_completed([future]);
    drop(completed.next());
    assert_eq!(std::sync::Arc::strong_count(&result), 1);
    assert!(completed.next().is_none());
}
