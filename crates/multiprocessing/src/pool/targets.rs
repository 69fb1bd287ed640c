//! What a worker sends, of whose process a task may have made anything.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex};

use hostile::{Target, cost, joined};
use nix::sys::socket::SockType;
use rustix::net::{Shutdown, shutdown};

use super::answer::Answer;
use super::crew::{Crew, Terms};
use super::job::{Call, Job, Sink};
use super::line::Message;
use super::member::{Heard, Worker};
use super::worker::{Fitness, Reply};
use crate::codec;
use crate::pipe::targets::framed;
use crate::pipe::{frame, pair};
use crate::sys::task::Failure;
use crate::targets::lowest_free;

const PID: i32 = 1;
/// How many items each job has.
const COUNTS: [usize; 3] = [3, 1, 0];

/// The first byte says whether the workers are initialized, how many jobs each
/// may do, and whether the rest is the stream or messages.
pub(crate) const WORKERS: Target = Target {
    name: "workers",
    run: |input| {
        let Some((how, rest)) = input.split_first() else {
            return;
        };
        let terms = Terms {
            processes: 1,
            initialize: how & 1 != 0,
            tasks: (how & 2 != 0).then_some(2),
        };
        let before = lowest_free();
        match how & 0x80 {
            0 => work(terms, rest),
            _ => work(terms, &framed(rest)),
        }
        assert_eq!(lowest_free(), before, "a descriptor is left open");
    },
    seeds: || {
        let dead = Failure::WorkerDied {
            pid: PID,
            exitcode: -9,
        };
        let no = || Failure::Decode {
            reason: "no".into(),
        };
        let mut three = Answer::default();
        three.push(|bytes| {
            bytes.extend(b"done");
            Ok(())
        });
        three.push(|_| Err(no()));
        three.push(|_| Err(dead));
        let three: Reply = Ok(three);
        let one: Reply = Err(no());
        let fit: Fitness = Ok(());
        let fit = codec::encode(&fit).unwrap_or_default();
        let answers = [three, one].map(|it| codec::encode(&it));
        let [three, one] = answers.map(Result::unwrap_or_default);
        let plain = joined([&three, &one]);
        let fit = joined([&fit, &three, &one]);
        vec![
            [vec![0x80], plain.clone()].concat(),
            [vec![0x83], fit.clone()].concat(),
            [vec![0], framed(&plain)].concat(),
            [vec![1], framed(&fit)].concat(),
        ]
    },
};

/// How often each item got a result.
#[derive(Default)]
struct Results(Mutex<Vec<usize>>);

impl Sink for Results {
    fn fill(&self, start: usize, results: Answer) -> Option<Call> {
        let mut all = self.0.lock().expect("nobody panics with it");
        for place in start..start + results.count() {
            let missing = (place + 1).saturating_sub(all.len());
            all.extend(std::iter::repeat_n(0, missing));
            all[place] += 1;
        }
        None
    }
}

/// Whatever the worker sends, and where it ends: each item gets one result.
fn work(terms: Terms, stream: &[u8]) {
    let (ours, theirs) = pair(SockType::Stream).expect("two are left");
    let sent = rustix::io::write(&theirs, stream);
    assert_eq!(sent, Ok(stream.len()), "a socket has room for so much");
    let end = File::open("/dev/null").expect("every system has it");
    let end = Arc::new(OwnedFd::from(end));
    let worker = Worker::new(PID, (ours, None), end, None);
    let socket = Arc::clone(worker.line.socket());
    let results = Arc::new(Results::default());
    let ((), cost) = cost(|| {
        let mut crew = Crew::new(vec![worker], Vec::new(), terms);
        let mut start = 0;
        for count in COUNTS {
            crew.waiting.push_back(job(count, start, &results));
            start += count;
        }
        for _ in 0..=stream.len() / 4 {
            crew.dispatch();
            take(crew.go_on(&socket));
        }
        assert_eq!(crew.workers[0].line.is_open(), !is_lost(stream));
        shutdown(&theirs, Shutdown::Write).expect("it is connected");
        crew.dispatch();
        take(crew.go_on(&socket));
        assert!(!crew.workers[0].line.is_open(), "it has ended");
        let dead = crew.remove(PID).expect("it was there");
        take(crew.settle(dead, 1));
        for job in crew.take_jobs() {
            drop(job.fail(&Failure::PoolClosed));
        }
    });
    // A piece is 256 KiB, and it is copied while it grows.
    cost.is_within(2 << 20, 256, stream.len());
    let results = results.0.lock().expect("nobody panics with it");
    let each = vec![1; COUNTS.iter().sum()];
    assert_eq!(*results, each, "how often the items got a result");
}

/// Whether there is a length in it that no message has.
fn is_lost(mut stream: &[u8]) -> bool {
    while let Some((len, rest)) = stream.split_first_chunk() {
        let len = u32::from_be_bytes(*len) as usize;
        if len > frame::MAX {
            return true;
        }
        stream = rest.get(len..).unwrap_or_default();
    }
    false
}

fn job(count: usize, start: usize, results: &Arc<Results>) -> Job {
    let order = Message::new(|to| {
        to.extend(b"order");
        Ok(())
    });
    let order = order.expect("it is short");
    let sink = Arc::clone(results);
    Job {
        order,
        count,
        sink,
        start,
    }
}

fn take(heard: Option<Heard>) {
    if let Some(Heard::Answer(job, answer)) = heard {
        drop(job.finish(answer));
    }
}
