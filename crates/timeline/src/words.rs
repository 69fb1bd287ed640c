//! What happens, in words.

use std::fmt::Display;
use std::time::Duration;

use explore::{Ended, Wait};

use crate::width::visible;

/// Before the time for which somebody sleeps.
pub(crate) const SLEEP: &str = "sleep ";

/// Times are told to the millisecond.
pub(crate) fn milliseconds(time: Duration) -> u128 {
    (time.as_micros() + 500) / 1000
}

/// `5 s`, `0.25 s`.
pub(crate) fn seconds(time: Duration) -> String {
    match milliseconds(time) {
        0 if !time.is_zero() => format!("{} s", time.as_secs_f64()),
        ms => {
            let text = format!("{}.{:03}", ms / 1000, ms % 1000);
            format!("{} s", text.trim_end_matches('0').trim_end_matches('.'))
        }
    }
}

/// Times one below the other, with as many decimals as any of them needs.
pub(crate) struct Clock {
    decimals: usize,
}

impl Clock {
    pub(crate) fn new(times: impl Iterator<Item = Duration>) -> Self {
        let needed = |time| match milliseconds(time) {
            ms if ms % 1000 == 0 => 0,
            ms if ms % 100 == 0 => 1,
            ms if ms % 10 == 0 => 2,
            _ => 3,
        };
        let decimals = times.map(needed).max().unwrap_or(0);
        Self { decimals }
    }

    pub(crate) fn show(&self, time: Duration) -> String {
        let ms = milliseconds(time);
        let fraction = format!(".{:03}", ms % 1000);
        let shown = match self.decimals {
            0 => "",
            decimals => &fraction[..=decimals],
        };
        format!("{}{shown} s", ms / 1000)
    }
}

/// What a wait is called beside a bar. `doing` is what the task has just said
/// that it does.
pub(crate) fn label(wait: &Wait, doing: Option<&str>) -> String {
    match (wait, doing) {
        (Wait::Sleep(time), _) => format!("{SLEEP}{}", seconds(*time)),
        (Wait::Operation(name), _) => visible(name),
        (_, Some(operation)) => visible(operation),
        (Wait::Lock, None) => "lock".into(),
        (Wait::Read, None) => "read".into(),
        (Wait::Write, None) => "write".into(),
        (Wait::Poll, None) => "poll".into(),
        (Wait::Child | Wait::Thread(_), None) => "join".into(),
        (Wait::Signal, None) => "signal".into(),
        (Wait::Borrower, None) => "vfork".into(),
        (Wait::Other(number), None) => format!("syscall {number}"),
    }
}

/// What a task does from here on, as a sentence goes on.
pub(crate) fn waits(wait: &Wait, label: &str) -> String {
    match wait {
        Wait::Sleep(_) => wait.to_string(),
        Wait::Thread(_) => "waits for a thread to end".into(),
        _ if label == self::label(wait, None) => wait.to_string(),
        _ => format!("waits in {label}"),
    }
}

/// What is said of an end beside the bar; nothing of an ordinary one.
pub(crate) fn end(ended: Ended) -> Option<String> {
    match ended {
        Ended::Exited(0) => None,
        Ended::Exited(status) => Some(format!("exit {status}")),
        Ended::Signaled(signal) => Some(signal_name(signal)),
    }
}

/// How somebody ended, as a sentence goes on.
pub(crate) fn ends(ended: Ended) -> String {
    match ended {
        Ended::Exited(0) => "ends".into(),
        Ended::Exited(status) => format!("exits with status {status}"),
        Ended::Signaled(signal) => {
            format!("is ended by {}", signal_name(signal))
        }
    }
}

fn signal_name(signal: i32) -> String {
    match signal {
        1 => "SIGHUP".into(),
        2 => "SIGINT".into(),
        3 => "SIGQUIT".into(),
        6 => "SIGABRT".into(),
        9 => "SIGKILL".into(),
        11 => "SIGSEGV".into(),
        13 => "SIGPIPE".into(),
        15 => "SIGTERM".into(),
        _ => format!("signal {signal}"),
    }
}

/// `1 row`, `5 rows`.
pub(crate) fn count<N: Copy + Display + PartialEq + From<u8>>(
    number: N,
    one: &str,
    many: &str,
) -> String {
    let noun = if number == N::from(1) { one } else { many };
    format!("{number} {noun}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_as_exact_as_needed() {
        assert_eq!(seconds(Duration::from_secs(5)), "5 s");
        assert_eq!(seconds(Duration::from_millis(20)), "0.02 s");
        assert_eq!(seconds(Duration::from_micros(20)), "0.00002 s");
        let times = [5000, 20].map(Duration::from_millis);
        let clock = Clock::new(times.into_iter());
        assert_eq!(times.map(|time| clock.show(time)), ["5.00 s", "0.02 s"]);
    }

    #[test]
    fn a_wait_goes_by_its_operation() {
        let queue = Wait::Operation("Queue.get".into());
        assert_eq!(label(&queue, Some("Lock.acquire")), "Queue.get");
        assert_eq!(label(&Wait::Poll, Some("Process.join")), "Process.join");
        let sleep = Wait::Sleep(Duration::from_secs(1));
        assert_eq!(label(&sleep, Some("Queue.get")), "sleep 1 s");
    }
}
