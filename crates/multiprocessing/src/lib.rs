//! Python's `multiprocessing` for Rust: processes that run closures, and what
//! they share.
//!
//! ```
//! use multiprocessing::{Process, Queue};
//!
//! fn main() -> multiprocessing::Result<()> {
//!     let queue = Queue::bounded(2)?;
//!     let producer = Process::new(|| {
//!         (0..5).try_for_each(|number| queue.put(number))
//!     });
//!     producer.start()?;
//!     for number in 0..5 {
//!         assert_eq!(queue.get()?, number);
//!     }
//!     producer.join()
//! }
//! ```
//!
//! # Python's names, and ours
//!
//! | Python | here | differs in |
//! |---|---|---|
//! | `Process(target=f, args=(x,))` | [`Process::new`]`(\|\| f(x))` | the closure may borrow; `name=`, `daemon=` are [`with_name`](Process::with_name), [`with_daemon`](Process::with_daemon) |
//! | `start`, `join`, `is_alive`, `exitcode`, `terminate`, `kill`, `close`, `sentinel` | the same | `join(timeout)` is [`join_timeout`](Child::join_timeout) and tells whether it ended |
//! | `os.fork` | [`fork`] | what it returns says on which side one is |
//! | `current_process`, `parent_process`, `active_children`, `cpu_count` | the same | |
//! | `Lock`, `RLock` | [`Lock`], [`RLock`] | released by the owner only; for a hand-over use `Semaphore::new(1)` |
//! | `Semaphore`, `BoundedSemaphore` | the same | `get_value()` is [`value`](Semaphore::value) |
//! | `Event` | [`Event`] | `wait(timeout)` is [`wait_timeout`](Event::wait_timeout), here and below |
//! | `Condition()`, `Condition(lock)` | [`Condition::new`], [`Condition::with_lock`], [`Condition::with_rlock`] | `notify(n)` is [`notify_n`](Condition::notify_n) |
//! | `Barrier(n, action=f, timeout=t)` | [`Barrier::new`]`(n)?.with_action(f).with_timeout(t)` | the time of the action counts |
//! | `with lock:` | `let _guard = lock.guard()?;` | |
//! | `acquire(False)`, `acquire(timeout=t)` | `try_acquire()`, `acquire_timeout(t)` | |
//! | `Value`, `Array` | [`Value`], [`Array`] | the type of the items says what `'d'` and `'i'` say there; `lock=False` is [`RawValue`], [`RawArray`] |
//! | `Pipe()`, `Pipe(False)` | [`Pipe::duplex`], [`Pipe::one_way`] | |
//! | `Connection` | [`Connection`] | `recv` is told which type it receives |
//! | `connection.wait(objects, t)` | [`connection::wait`], [`wait_timeout`](connection::wait_timeout) | tells the places in the list |
//! | `connection.Listener`, `Client` | [`connection::Listener`], [`connection::Client`] | without `authkey=`, the family's key is asked for |
//! | `reduction.DupFd(fd)` | [`connection::Descriptor`] | through a connection only; a [`Connection`] travels as it is |
//! | `Queue()`, `Queue(n)` | [`Queue::unbounded`], [`Queue::bounded`] | no feeder thread: what was put can be got at once |
//! | `SimpleQueue()` | [`Queue::unbounded`] | no type of its own: without a feeder thread, every queue is simple |
//! | `JoinableQueue` | [`JoinableQueue`] | `join` may have a time limit |
//! | `put_nowait`, `put(x, timeout=t)` | `try_put`, `put_timeout` | the same for `get` |
//! | `Pool(n)` | [`Pool::new`] | a task is a function, or a closure that captures nothing |
//! | `Pool(n, initializer=f, initargs=(x,), maxtasksperchild=m)` | [`Pool::builder`]`().processes(n).initializer(\|\| f(x)).maxtasksperchild(m).build()` | an initializer that fails breaks the pool, where CPython makes workers without end |
//! | `apply_async(f, (x,), callback=g)` | `pool.apply_async(f, x)?.callback(g)` | |
//! | `map(f, items, chunksize=n)` | [`map`](Pool::map), [`map_in_chunks`](Pool::map_in_chunks) | by default four chunks a worker, as in Python |
//! | `imap(f, items, chunksize=n)` | [`imap`](Pool::imap), [`imap_in_chunks`](Pool::imap_in_chunks) | the items are [`Result`]s; dropping the iterator gives up what has not begun |
//! | `imap_unordered(f, items)` | [`imap_unordered`](Pool::imap_unordered), [`imap_unordered_in_chunks`](Pool::imap_unordered_in_chunks) | |
//! | `IMapIterator.next(timeout=t)` | [`next_timeout`](Imap::next_timeout) | |
//! | `AsyncResult.get(timeout=t)` | [`get_timeout`](AsyncResult::get_timeout) | |
//! | `Manager().dict()`, `.list()`, `.Queue()` | [`Manager::dict`], [`Manager::list`], [`Manager::queue`] | the items have a type; a proxy is an item, too |
//! | `.JoinableQueue()`, `.Value('i', x)`, `.Array('i', items)` | [`Manager::joinable_queue`], [`Manager::value`]`(x)`, [`Manager::array`]`(items)` | items of any type that serde knows |
//! | `.Namespace()` | [`Manager::namespace`] | `n.x` is `n.get::<i32>("x")`, `n.x = 1` is `n.set("x", 1)` |
//! | `.Lock()`, `.RLock()` | [`Manager::lock`], [`Manager::rlock`] | released by the owner only; its death is told |
//! | `.Semaphore(n)`, `.BoundedSemaphore(n)`, `.Event()` | [`Manager::semaphore`], [`Manager::bounded_semaphore`], [`Manager::event`] | |
//! | `.Condition()`, `.Condition(lock)` | [`Manager::condition`], [`Manager::condition_with_lock`], [`Manager::condition_with_rlock`] | |
//! | `.Barrier(n)`, `.Barrier(n, timeout=t)` | [`Manager::barrier`], [`Manager::barrier_with_timeout`] | without an action |
//! | `_number_of_objects()` | [`Manager::number_of_objects`] | |
//! | `BaseManager(address=a, authkey=k)`, `start(f)` | [`Manager::builder`]`().address(a).authkey(k).initializer(f).build()` | without an address, only those reach it who inherit it |
//! | `register('get_queue', callable=lambda: q)` | [`manager.publish`](Manager::publish)`("get_queue", &q)` | an object, and not what makes it |
//! | `connect()`, `m.get_queue()` | [`RemoteManager::connect`]`(a, k)?.`[`queue`](RemoteManager::queue)`("get_queue")` | kind and item types are checked, by their names |
//! | `get_server().serve_forever()` | `build()`, then [`join`](Manager::join) | the server is always a process of its own |
//! | `register('Maths', Maths)`, `m.Maths(x)` | [`manager.object`](Manager::object)`(Maths::new, x)` | for the family of the manager |
//! | `maths.add(1)` | `maths.`[`call`](ObjectProxy::call)`(Maths::add, 1)` | a method is a function, or a closure that captures nothing |
//! | `multiprocessing.dummy.Process` | [`dummy::Process`] | for a pool of threads, see [`dummy`] |
//!
//! Time limits are [`Duration`](std::time::Duration)s, where Python has
//! seconds. A call with a limit may take 0.1 s longer where another process is
//! stopped in the middle of its own.
//!
//! Not here: custom objects that other programs than the manager's family call;
//! the `shared_memory` module.
//!
//! # What is different, and why
//!
//! - **Start processes first, threads later.** A start is a `fork`, which
//!   copies only the thread that calls it. With other threads in the program
//!   it is refused ([`Error::MultiThreaded`]); CPython goes on, and sometimes
//!   hangs. The library's own threads are no hindrance.
//! - **Death is told.** Where CPython waits for ever, because somebody was
//!   killed at the wrong moment, there is an error: [`Error::OwnerDied`] of a
//!   lock, [`Error::BrokenBarrier`] of a barrier, [`Error::WorkerDied`] of a
//!   pool's task, [`Error::Disconnected`] of a pipe or a manager. What was
//!   still to be done is lost with who was to do it, as in Python: to give a
//!   semaphore's unit back, to call `task_done`, `set` or `notify`, to come to
//!   a barrier; give waits for those a time limit.
//! - **A shortage names its limit.** Where there is too little of something,
//!   descriptors, processes, memory in `/dev/shm`, the text of
//!   [`Error::System`] says which limit it was and how to raise it. Nothing is
//!   left of what was tried, and it may be tried again.
//! - **A child dies with its parent**, if the parent is killed;
//!   [`outliving_parent`](Process::outliving_parent) gives Python's behaviour.
//!   At a normal end a parent waits for its children and terminates its
//!   daemons, as in Python.
//! - **Items travel as serde writes them** (in postcard's format), not by
//!   pickle: a queue has items of one type, and a closure cannot be sent. To
//!   receive one takes no more memory and time than its bytes are worth, so it
//!   is nested 256 deep at most, and of items without content, as `()`, it has
//!   a million at most.
//!
//! # Behaviours with no, or another, sense in Rust
//!
//! The tests go through what CPython's own tests pin down, one behaviour after
//! the other, each with a number (`b008_after_join_the_exit_code_is_0`). These
//! read differently, or not at all:
//!
//! | number | in Python | here |
//! |---|---|---|
//! | 1 | the current process has `is_alive` and `exitcode` | it has neither: who asks is alive |
//! | 2, 7 | `args` and `kwargs` arrive | what the closure captures arrives |
//! | 10 | `join(-1)` returns at once | a `Duration` is never negative |
//! | 21 | a child waits for its non-daemon threads | threads end with their process, in a child as in `main`: join them, or use `thread::scope` |
//! | 23 | the fork server dies | there is none; without its zygote, a pool goes on with the workers that it has |
//! | 26 | `exit(True)`, `exit(None)` | a target returns `()`, an `i32` or a `Result` of them |
//! | 29 | `os._exit(256)` | what a target returns is cut in the same way |
//! | 42, 44, 48, 76 | `put(x, False, t)`, `acquire(False, t)`, `None` for no limit | a method of its own for each case: nothing to combine |
//! | 52 | `close` is for the whole process | as here; other processes go on |
//! | 54 | the feeder thread tells a hook which item failed | `put` itself fails, and `get` for what cannot be decoded |
//! | 58 | a `maxsize` of 0 or less is no limit | `Queue::unbounded`; 0 is an error |
//! | 60 | `join_thread`, `cancel_join_thread` | no thread to join: what was put is there |
//! | 68 | a negative timeout | a `Duration` is never negative |
//! | 69 | anybody may release a `Lock` | its owner only; a `Semaphore` may be released by anybody |
//! | 71 | who does not own an `RLock` | neither may a thread of the same process |
//! | 81 | a manager's `Lock` is released by anybody, and twice is a `RuntimeError` | by its owner only, and twice is [`Error::NotOwner`] |
//! | 89 | a signal may interrupt `wait` | it never does: a wait goes on after a handler, to its limit |
//! | 92 | `wait_for` asks first, and needs the lock only to wait | it needs the lock |
//! | 107 | the time of the action does not count | a limit holds, whatever the others do |
//! | 111 | the action raises | it panics, and the panic reaches the caller |
//! | 114, 120 | `lock=False`, a lock that is none | `RawValue`, `RawArray`; the type says what a lock is |
//! | 122 | `copy()` of a shared struct | `get` is a copy |
//! | 125 | a heap of arenas | each object has a region of its own |
//! | 126, 133 | `offset` and `size` of a message | slices |
//! | 144, 146 | `wait` returns the ready objects; a negative timeout | their places; a `Duration` is never negative |
//! | 149 | `accept` after `close` | `close` takes the listener away; another process that has it gets the error |
//! | 152 | an invalid family, an invalid descriptor | an `Address` has a family, an `OwnedFd` is open |
//! | 153 | `accept` raises for each client with a wrong key | it goes on to the next one, and counts: [`refused`](connection::Listener::refused) |
//! | 155 | a default timeout of all sockets | there is none; the limits of a handshake end with it |
//! | 157 | `apply(f, kwds={…})` | a function has no keyword arguments |
//! | 159 | `starmap`, `starmap_async` unpack tuples | a function of a tuple does it, in `map`, `map_async`, `imap` |
//! | 164, 168, 169 | the items' iterator raises | it may panic; the panic reaches the caller of `map`, `imap`, and nothing is begun |
//! | 170 | `Pool(-1)` | a `usize` is never negative |
//! | 174 | thread pools do not wrap the error | there is no pool of threads |
//! | 179 | the error has the value's text | a value need not have one |
//! | 182 | `maxtasksperchild` is negative, or no integer | a `usize` is neither; 0 is an error |
//! | 184 | an initializer that cannot be called | what has no `Fn` is none, and does not compile |
//! | 192 | a stack overflow is -11 | Rust tells of it and aborts: -6 |
//! | 193 | `+` of a list proxy makes a plain list | `to_vec`, then `extend` |
//! | 195, 196 | a proxy is iterated while it changes | `to_vec`, `keys` and their like are copies |
//! | 200 | `repr` of a namespace shows the values | the names: nobody knows their types |
//! | 201 | a method that is not exposed cannot be called | one calls what one may name: a private method is not exposed, and that does not compile |
//! | 202 | a server that is slow to shut down has exit code -SIGTERM | SIGTERM is a shutdown as well: 0, or -9 if it does not answer at all |
//! | 203 | a name that was not registered has no method | [`Error::NotPublished`]; a wrong kind is [`Error::WrongKind`] |
//! | 210 | a proxy that travels counts, too | what was encoded once stays as long as the server |
//! | 213, 214, 215, 216 | segments of `shared_memory` are found by name | regions have no name (217), so nothing is left of them |
//! | 218 | exit hooks, in an order | destructors, in the order of the scopes |
//! | 266 | a fork in a task of a pool of threads | [`Error::MultiThreaded`] |
//! | 267, 268, 269, 270, 271 | `queue.Queue` between threads | the channels of the crate crossbeam; a `JoinableQueue` serves threads, too |
//! | 272 | `threading.local` | `std::thread_local!` |
//!
//! # Under an explorer
//!
//! An explorer runs a program one task at a time, to try the orders in which
//! its tasks may act, and can change who runs at system calls only. If it sets
//! the environment variable `EXPLORED` to `1`, each operation on what is shared
//! begins with such a call, also one that needs none, and the call tells the
//! operation's name; without the variable, that costs one load and a branch.
//! `sys::point` describes the protocol.
//!
//! # Where to start reading
//!
//! `process` is the heart: what a start is, and how a process ends. Then
//! `sync` and `value` (shared memory), `pipe`, `connection` and `queue`
//! (messages), `pool` and `manager`, which are made of the others. Under them
//! lies `sys`, a few system files with all the `unsafe` code. Each module
//! begins with the mechanism of the kernel on which it stands.

mod bounded;
mod codec;
pub mod connection;
mod copy;
pub mod dummy;
mod error;
mod futex;
mod manager;
mod monitor;
mod owned;
mod pass;
mod patience;
mod pipe;
mod pool;
mod process;
mod queue;
mod seat;
mod shortage;
mod sync;
mod sys;
#[cfg(any(test, fuzzing))]
mod targets;
mod threads;
mod value;
mod words;

pub use error::{Error, Result};
pub use manager::{
    ArrayProxy, BarrierProxy, BoundedSemaphoreProxy, ConditionProxy, DictProxy,
    EventProxy, JoinableQueueProxy, ListProxy, LockProxy, Manager,
    ManagerBuilder, NamespaceProxy, ObjectProxy, Proxy, ProxyGuard, QueueProxy,
    RLockProxy, RemoteManager, SemaphoreProxy, ValueProxy,
};
pub use pipe::{Connection, Pipe};
pub use pool::{AsyncResult, Imap, Initialized, Pool, PoolBuilder};
pub use process::{
    Child, CurrentProcess, ForkResult, Outcome, ParentProcess, Process,
    Sentinel, active_children, cpu_count, current_process, fork,
    parent_process,
};
pub use queue::{JoinableQueue, Queue};
pub use sync::{
    Barrier, BoundedSemaphore, Condition, ConditionGuard, Event, Lock,
    LockGuard, RLock, RLockGuard, Semaphore, SemaphoreGuard,
};
#[cfg(fuzzing)]
pub use targets::TARGETS;
pub use value::{Array, RawArray, RawValue, Value};
