//! What a worker sends, of whose process a task may have made anything.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex};

use hostile::{Target, cost, joined};
use nix::sys::socket::SockType;
use rustix::net::{Shutdown, shutdown};

use super::answer::{Answer, Results};
use super::crew::{Crew, Terms};
use super::job::{Call, Job, Sink, Task};
use super::member::{Heard, Worker};
use super::worker::Fitness;
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
        let mut results = Results::default();
        results.push(|bytes| {
            bytes.extend(b"done");
            Ok(())
        });
        results.fail(no());
        results.fail(dead);
        let three = results.reply(&Ok(())).map(<[u8]>::to_vec);
        results.clear();
        let one = results.reply(&Err(no())).map(<[u8]>::to_vec);
        let [three, one] = [three, one].map(Result::unwrap_or_default);
        let fit: Fitness = Ok(());
        let fit = codec::encode(&fit).unwrap_or_default();
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

/// How often each job got its results.
#[derive(Default)]
struct Filled(Mutex<[usize; COUNTS.len()]>);

impl Sink for Filled {
    fn fill(&self, job: usize, results: Answer) -> Option<Call> {
        assert_eq!(results.iter().count(), COUNTS[job], "a result an item");
        self.0.lock().expect("nobody panics with it")[job] += 1;
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
    let filled = Arc::new(Filled::default());
    let ((), cost) = cost(|| {
        let mut crew = Crew::new(vec![worker], Vec::new(), terms);
        crew.waiting.extend(jobs(&filled));
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
            drop(job.finish(Err(Failure::PoolClosed)));
        }
    });
    // A piece is 256 KiB, and it is copied while it grows.
    cost.is_within(2 << 20, 256, stream.len());
    let filled = filled.0.lock().expect("nobody panics with it");
    assert_eq!(*filled, [1; COUNTS.len()], "how often each job was filled");
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

fn jobs(filled: &Arc<Filled>) -> impl Iterator<Item = Job> {
    let mut task = Task::of(COUNTS.len());
    for count in COUNTS {
        let added = task.add(count, |to| {
            to.extend(b"order");
            Ok(())
        });
        added.expect("it is short");
    }
    task.jobs(Arc::<Filled>::clone(filled))
}

fn take(heard: impl IntoIterator<Item = Heard>) {
    for heard in heard {
        if let Heard::Reply(job, reply) = heard {
            drop(job.finish(reply));
        }
    }
}
