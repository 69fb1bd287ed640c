//! What the packages greenlet and gevent promise.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use generator::Error;
use generator::gevent::{Greenlet, Hub};
use generator::greenlet::Greenlets;

type Log = Rc<RefCell<Vec<String>>>;

fn tell(log: &Log, what: impl Into<String>) {
    log.borrow_mut().push(what.into());
}

/// A greenlet that tells its laps, and how it ends.
fn runner(hub: &mut Hub, log: &Log, name: &str, pause: Duration) -> Greenlet {
    let (log, label) = (Rc::clone(log), name.to_owned());
    hub.spawn(name, move |here| {
        for lap in 0..3 {
            tell(&log, format!("{label}{lap}"));
            here.sleep(pause)
                .inspect_err(|error| tell(&log, format!("{label} {error}")))?;
        }
        Ok(())
    })
}

#[test]
fn a_switch_hands_a_value_over_and_pauses() {
    let mut greenlets = Greenlets::new();
    greenlets.add("a", |here, x| here.switch("b", x + 1));
    greenlets.add("b", |here, x| Ok(here.switch("a", x * 10)? + 100));
    assert_eq!(greenlets.switch("a", 1).ok(), Some(20));
    assert!(greenlets.is_dead("a") && !greenlets.is_dead("b"));
    assert_eq!(greenlets.switch("b", 5).ok(), Some(105));
}

#[test]
fn a_value_for_a_dead_greenlet_comes_back() {
    let mut greenlets = Greenlets::new();
    greenlets.add("a", |_, x| Ok(x));
    greenlets.add("b", |here, x| here.switch("a", x + 1));
    assert_eq!(greenlets.switch("a", 1).ok(), Some(1));
    assert_eq!(greenlets.switch("a", 2).ok(), Some(2));
    assert_eq!(greenlets.switch("b", 3).ok(), Some(4));
}

#[test]
fn a_greenlet_may_switch_to_itself() {
    let mut greenlets = Greenlets::new();
    greenlets.add("a", |here, x| here.switch("a", x + 1));
    assert_eq!(greenlets.switch("a", 1).ok(), Some(2));
}

#[test]
fn a_name_that_nobody_has_is_an_error_for_who_says_it() {
    let mut greenlets = Greenlets::new();
    greenlets.add("a", |here, x| here.switch("nobody", x).or(Ok(7)));
    assert_eq!(greenlets.switch("a", 1).ok(), Some(7));
    let error = greenlets.switch("no one", 1).unwrap_err();
    assert!(matches!(error, Error::NoSuchGreenlet("no one")), "{error}");
}

#[test]
fn an_error_goes_to_the_parent() {
    let mut greenlets = Greenlets::<()>::new();
    greenlets.add("a", |here, ()| here.switch("b", ()));
    greenlets.add("b", |_, ()| Err(Error::raise("bad")));
    assert_eq!(greenlets.switch("a", ()).unwrap_err().to_string(), "bad");
    assert!(greenlets.is_dead("b") && !greenlets.is_dead("a"));
}

#[test]
fn who_does_not_sleep_is_not_interrupted() {
    let (mut hub, log) = (Hub::new(), Log::default());
    for name in ["a", "b"] {
        let log = Rc::clone(&log);
        hub.spawn(name, move |_| {
            (0..2).for_each(|lap| tell(&log, format!("{name}{lap}")));
            Ok(())
        });
    }
    hub.run();
    assert_eq!(*log.borrow(), ["a0", "a1", "b0", "b1"]);
}

#[test]
fn a_sleep_of_nothing_lets_all_others_run_once() {
    let (mut hub, log) = (Hub::new(), Log::default());
    for name in ["a", "b", "c"] {
        runner(&mut hub, &log, name, Duration::ZERO);
    }
    hub.run();
    assert_eq!(
        *log.borrow(),
        ["a0", "b0", "c0", "a1", "b1", "c1", "a2", "b2", "c2"]
    );
}

#[test]
fn a_join_waits_for_one_and_all_sleep_at_once() {
    let (mut hub, log) = (Hub::new(), Log::default());
    let start = Instant::now();
    let nap = Duration::from_millis(20);
    let sleeper = runner(&mut hub, &log, "a", nap);
    let longer = runner(&mut hub, &log, "b", 100 * nap);
    hub.join(&sleeper);
    assert!(start.elapsed() >= 3 * nap);
    assert!(sleeper.successful() && !longer.is_dead());
    assert!(!longer.successful() && !longer.was_killed());
}

#[test]
fn a_killed_greenlet_wakes_with_an_exit_and_is_successful() {
    let (mut hub, log) = (Hub::new(), Log::default());
    let victim = runner(&mut hub, &log, "a", Duration::from_hours(1));
    let killed = victim.clone();
    hub.spawn("killer", move |_| {
        killed.kill();
        Ok(())
    });
    hub.run();
    assert_eq!(*log.borrow(), ["a0", "a GreenletExit"]);
    assert!(victim.was_killed() && victim.successful());
    assert!(victim.exception().is_none());
    victim.kill();
    assert!(!hub_turns(&mut hub, &victim));
}

/// Whether a dead greenlet would run again.
fn hub_turns(hub: &mut Hub, greenlet: &Greenlet) -> bool {
    hub.run();
    !greenlet.is_dead()
}

#[test]
fn who_is_killed_before_his_turn_never_begins() {
    let (mut hub, log) = (Hub::new(), Log::default());
    let victim = runner(&mut hub, &log, "a", Duration::ZERO);
    victim.kill();
    hub.run();
    assert!(victim.was_killed() && log.borrow().is_empty());
}

#[test]
fn only_the_callback_of_who_fails_is_called_and_it_may_kill() {
    let (mut hub, log) = (Hub::new(), Log::default());
    let sleeper = runner(&mut hub, &log, "a", Duration::from_hours(1));
    let bad = hub.spawn("bad", |_| Err(Error::raise("cannot fetch")));
    for greenlet in [&sleeper, &bad] {
        let (log, sleeper) = (Rc::clone(&log), sleeper.clone());
        greenlet.link_exception(move |failed| {
            let error = failed.exception().expect("it has failed");
            tell(&log, format!("told {error}"));
            sleeper.kill();
        });
    }
    hub.run();
    assert_eq!(*log.borrow(), ["a0", "told cannot fetch", "a GreenletExit"]);
    assert!(!bad.successful() && !bad.was_killed() && bad.is_dead());
    let late = Rc::clone(&log);
    bad.link_exception(move |_| tell(&late, "told late"));
    assert_eq!(log.borrow().last().map(String::as_str), Some("told late"));
}

#[test]
fn a_greenlet_knows_itself() {
    let mut hub = Hub::new();
    let seen = Rc::new(RefCell::new(String::new()));
    let shown = Rc::clone(&seen);
    let greenlet = hub.spawn("f(5)", move |here| {
        *shown.borrow_mut() = here.greenlet().to_string();
        Ok(())
    });
    hub.run();
    assert_eq!(*seen.borrow(), greenlet.to_string());
    assert!(seen.borrow().starts_with("<Greenlet at 0x"));
    assert!(seen.borrow().ends_with(": f(5)>"));
}

#[test]
fn greenlets_end_with_their_hub() {
    let log = Log::default();
    let mut hub = Hub::new();
    let first = runner(&mut hub, &log, "a", Duration::ZERO);
    runner(&mut hub, &log, "b", Duration::from_hours(1));
    hub.spawn("end", |_| Ok(()));
    hub.join(&first);
    drop(hub);
    assert_eq!(Rc::strong_count(&log), 1, "their bodies are dropped");
}
