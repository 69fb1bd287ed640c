//! One call for each thing that can be made.

use std::time::Duration;

use multiprocessing::connection::{Client, Listener};
use multiprocessing::{
    Array, Barrier, BoundedSemaphore, Condition, Connection, Error, Event,
    ForkResult, JoinableQueue, Lock, Manager, Pipe, Pool, Process, Queue,
    RLock, RawArray, RawValue, Result, Semaphore, Value, dummy, fork,
};
use nix::errno::Errno;

use crate::pool_tasks::square;
use crate::shortage::Call;

type Calls = &'static [(&'static str, Call<'static>)];

/// Those that stand on a region of shared memory.
pub(crate) const SHARED: Calls = &[
    ("Lock", &|| {
        let lock = Lock::new()?;
        lock.acquire()?;
        lock.release()
    }),
    ("RLock", &|| RLock::new()?.guard().map(drop)),
    ("Semaphore", &|| Semaphore::new(1)?.acquire()),
    ("BoundedSemaphore", &|| BoundedSemaphore::new(1)?.acquire()),
    ("Event", &|| {
        let event = Event::new()?;
        event.set()?;
        event.wait()
    }),
    ("Condition", &|| {
        let condition = Condition::new()?;
        let _guard = condition.guard()?;
        condition.notify_all()?;
        assert!(!condition.wait_timeout(Duration::ZERO)?);
        Ok(())
    }),
    ("Barrier", &|| Barrier::new(1)?.wait().map(drop)),
    ("RawValue", &|| {
        RawValue::new(1).map(|value| assert_eq!(value.get(), 1))
    }),
    ("RawArray", &|| RawArray::new([1; 5_000]).map(drop)),
    ("Value", &|| {
        let value = Value::new(1)?;
        value.set(2)
    }),
    ("Array", &|| {
        let array = Array::new([1; 5_000])?;
        array.set(4_999, 2)
    }),
    ("Queue", &|| {
        let queue = Queue::bounded(1)?;
        queue.put(vec![7_u8; 100_000])?;
        assert_eq!(queue.get()?, [7; 100_000]);
        Ok(())
    }),
    ("JoinableQueue", &|| {
        let queue = JoinableQueue::unbounded()?;
        queue.put(1)?;
        queue.get()?;
        queue.task_done()?;
        queue.join()
    }),
];

/// Those that have descriptors alone.
pub(crate) const CONNECTED: Calls = &[
    ("Pipe", &|| {
        let (one, other) = Pipe::duplex()?;
        one.send(&1)?;
        assert_eq!(other.recv::<i32>()?, 1);
        Ok(())
    }),
    ("Pipe, one way", &|| {
        let (reader, writer) = Pipe::one_way()?;
        writer.send(&1)?;
        assert_eq!(reader.recv::<i32>()?, 1);
        Ok(())
    }),
    ("Connections that are sent", &|| {
        let (one, other) = Pipe::duplex()?;
        let (reader, writer) = Pipe::one_way()?;
        one.send(&("a way", &reader, &writer))?;
        drop((reader, writer));
        let (_, reader, writer): (String, Connection, Connection) =
            other.recv()?;
        writer.send(&1)?;
        assert_eq!(reader.recv::<i32>()?, 1);
        Ok(())
    }),
    ("Listener", &|| Listener::new().map(Listener::close)),
    ("Listener, TCP", &|| {
        let localhost = std::net::Ipv4Addr::LOCALHOST;
        let anywhere: std::net::SocketAddr = (localhost, 0).into();
        Listener::bind(anywhere).map(Listener::close)
    }),
];

/// Those that start processes, or threads.
pub(crate) const STARTING: Calls = &[
    ("Process", &|| {
        let child = Process::new(|| 6);
        child.start()?;
        child.join()?;
        assert_eq!(child.exitcode()?, Some(6));
        Ok(())
    }),
    ("fork", &|| match fork()? {
        ForkResult::Child => std::process::exit(6),
        ForkResult::Parent { child, .. } => {
            child.join()?;
            assert_eq!(child.exitcode()?, Some(6));
            Ok(())
        }
    }),
    ("Pool", &|| {
        let pool = Pool::new(2)?;
        assert_eq!(pool.map(square, [1, 2, 3])?, [1, 4, 9]);
        Ok(())
    }),
    ("Pool.imap", &|| {
        let pool = Pool::new(2)?;
        let results: Result<Vec<_>> = pool.imap(square, 1..4)?.collect();
        assert_eq!(results?, [1, 4, 9]);
        Ok(())
    }),
    ("Pool that replaces workers", &|| {
        let pool = Pool::builder().processes(2).maxtasksperchild(1);
        let pool = pool.build()?;
        let results = pool.map_async_in_chunks(square, 1..6, 1)?;
        assert_eq!(results.get()?, [1, 4, 9, 16, 25]);
        Ok(())
    }),
    ("Manager", &|| {
        let manager = Manager::new()?;
        let dict = manager.dict()?;
        dict.set(1, 1)?;
        assert_eq!(dict.get(&1)?, Some(1));
        Ok(())
    }),
    ("Manager with two clients", &|| {
        let manager = Manager::new()?;
        let queue = manager.queue(1)?;
        let child = Process::new(|| {
            queue.put(6).map_or_else(|error| number_of(&error), |()| 0)
        });
        child.start()?;
        child.join()?;
        match child.exitcode()? {
            Some(0) => queue.get().map(|six| assert_eq!(six, 6)),
            code => Err(Error::System {
                action: "be a client of a manager in a child".into(),
                source: Errno::from_raw(code.expect("it was joined")).into(),
            }),
        }
    }),
];

/// What starts a thread and no more.
pub(crate) const THREADS: Calls = &[("dummy::Process", &|| {
    let thread = dummy::Process::new(|| ());
    thread.start()?;
    thread.join()
})];

/// The system's number of what a child had too little of.
fn number_of(error: &Error) -> i32 {
    let text = error.to_string();
    let errno = match text {
        _ if text.contains("RLIMIT_NOFILE") => Errno::EMFILE,
        _ if text.contains("RLIMIT_NPROC") => Errno::EAGAIN,
        _ => panic!("{text}"),
    };
    errno as i32
}

/// A client of a listener that has what it needs.
pub(crate) fn connect(listener: &Listener) -> Result<()> {
    Client::new(listener.address()).connect().map(drop)
}
