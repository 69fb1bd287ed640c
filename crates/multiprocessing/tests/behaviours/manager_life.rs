//! How a manager's server begins and ends: its initializer, the signals that
//! come to it, what it leaves.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::thread;

use multiprocessing::connection::Address;
use multiprocessing::{
    Error, Manager, Pipe, Queue, RawValue, RemoteManager, Result,
};
use nix::sys::signal::{SigHandler, Signal, killpg};
use nix::unistd::{Pid, getpid, setpgid};

use crate::connection::{enter_scratch, tcp};
use crate::harness::{Test, list};
use crate::manager_remote::{KEY, address, managers, ok, send, served};
use crate::pipe_end::disconnected;
use crate::procfs::{self, open_descriptors, own_zombies};
use crate::support::{
    SOON, eventually, in_child, joined, on_signal, scratch, sleep_for_ever,
    started, tell, told,
};

pub(crate) const TESTS: &[Test] = list![
    b202_shutdown_is_prompt_while_all_are_busy,
    b202_shutdown_leaves_no_path,
    b208_an_initializer_runs_in_the_server_first,
    b208_an_initializer_uses_a_proxy_of_another_manager,
    b208_an_initializer_that_fails_is_the_error_of_build,
    b208_what_an_initializer_opens_stays_open,
    b209_sigint_to_all_leaves_the_server_to_its_creator,
    the_server_ends_with_its_creator_whoever_kills_that,
    sigterm_ends_the_server_and_its_path,
    a_normal_end_without_shutdown_leaves_no_path,
    a_killed_server_leaves_no_path_behind_a_shutdown,
    join_waits_for_the_end_of_the_server,
    what_the_creator_had_open_fails_in_the_server,
];

static SEEN: AtomicU32 = AtomicU32::new(0);

fn refused(made: Result<Manager>) -> String {
    match made {
        Err(Error::ServerFailed { reason }) => reason,
        other => panic!("{other:?}"),
    }
}

fn path(manager: &Manager) -> std::path::PathBuf {
    match address(manager) {
        Address::Unix(path) => path,
        Address::Tcp(port) => panic!("{port} is no path"),
    }
}

fn b202_shutdown_is_prompt_while_all_are_busy() {
    for manager in [Manager::new().expect("a server"), served(tcp())] {
        ok(|| {
            let queue = manager.queue::<u8>(1)?;
            let object = manager.object(|()| (), ())?;
            thread::scope(|scope| {
                for _ in 0..20 {
                    scope.spawn(|| disconnected(queue.get()));
                }
                let spin = |(): &mut (), ()| -> () {
                    loop {
                        std::hint::spin_loop();
                    }
                };
                scope.spawn(move || disconnected(object.call(spin, ())));
                let tasks = || {
                    let tasks = format!("/proc/{}/task", manager.pid());
                    fs::read_dir(tasks).expect("it runs").count()
                };
                eventually(SOON, || tasks() >= 22);
                manager.shutdown()
            })?;
            // Asked, and not killed.
            assert_eq!(manager.exitcode()?, Some(0));
            Ok(())
        });
    }
}

fn b202_shutdown_leaves_no_path() {
    enter_scratch();
    let before = open_descriptors();
    for manager in managers() {
        let address = address(&manager);
        manager.shutdown().expect("it ends");
        drop(manager);
        if let Address::Unix(path) = address {
            assert!(!path.exists(), "{}", path.display());
            let directory = path.parent().expect("it has one");
            assert!(directory == Path::new("") || !directory.exists());
        }
    }
    assert_eq!(open_descriptors(), before);
}

fn b208_an_initializer_runs_in_the_server_first() {
    enter_scratch();
    let seen = RawValue::new(0).expect("there is memory");
    for place in [None, Some(Address::from(Path::new("here"))), Some(tcp())] {
        let builder = Manager::builder().authkey(KEY);
        let builder = match place {
            Some(address) => builder.address(address),
            None => builder,
        };
        let start = 40;
        let manager = builder
            .initializer(|| {
                seen.set(getpid().as_raw());
                SEEN.store(start, SeqCst);
            })
            .build()
            .expect("a server");
        assert_eq!(seen.get(), manager.pid());
        assert_eq!(SEEN.load(SeqCst), 0);
        ok(|| {
            let object = manager.object(|n: u32| n + SEEN.load(SeqCst), 2)?;
            assert_eq!(object.call(|n, ()| *n, ())?, 42);
            Ok(())
        });
    }
}

fn b208_an_initializer_uses_a_proxy_of_another_manager() {
    ok(|| {
        let first = Manager::new()?;
        let list = first.list_from([1])?;
        list.append(2)?;
        let second =
            Manager::builder().initializer(|| list.append(3)).build()?;
        assert_eq!(list.to_vec()?, [1, 2, 3]);
        drop(second);
        list.append(4)
    });
}

fn b208_an_initializer_that_fails_is_the_error_of_build() {
    enter_scratch();
    let before = open_descriptors();
    let builder = || Manager::builder().address(Path::new("here"));
    let failed = || builder().initializer(|| Err("no such model"));
    let failed = refused(failed().build());
    assert_eq!(failed, "its initializer failed: no such model");

    let panic = || -> () { panic!("no luck") };
    let failed = refused(builder().initializer(panic).build());
    let start = "its initializer failed: it panicked: no luck (at ";
    assert!(failed.starts_with(start), "{failed}");

    let exit = || -> () { std::process::exit(3) };
    let failed = refused(builder().initializer(exit).build());
    assert!(failed.contains("with exit code 3 "), "{failed}");

    let suicide = || send(Signal::SIGKILL, getpid().as_raw());
    let failed = refused(builder().initializer(suicide).build());
    assert!(failed.contains("with exit code -9 "), "{failed}");

    assert!(!Path::new("here").exists());
    assert_eq!(open_descriptors(), before);
    assert_eq!(own_zombies(), [0; 0]);
    drop(builder().initializer(|| ()).build().expect("a server"));
}

fn b208_what_an_initializer_opens_stays_open() {
    static LOG: OnceLock<File> = OnceLock::new();
    ok(|| {
        let log = scratch("log");
        let zero = File::open("/dev/zero").expect("every system has it");
        let manager = Manager::builder()
            .initializer(|| {
                // Its number is free now, and that of the log soon.
                drop(zero);
                let file = File::create(&log)?;
                let _ = LOG.set(file);
                std::io::Result::Ok(())
            })
            .build()?;
        let object = manager.object(|()| (), ())?;
        let write = |(): &mut (), word: String| {
            let log = LOG.get().map(|mut log| log.write_all(word.as_bytes()));
            log.is_some_and(|written| written.is_ok())
        };
        assert!(object.call(write, "hello".into())?);
        let text = fs::read_to_string(&log).expect("it is there");
        assert_eq!(text, "hello");
        Ok(())
    });
}

static CAUGHT: OnceLock<RawValue<u32>> = OnceLock::new();

extern "C" fn count(_signal: i32) {
    if let Some(caught) = CAUGHT.get() {
        caught.set(caught.get() + 1);
    }
}

fn b209_sigint_to_all_leaves_the_server_to_its_creator() {
    let go = Queue::<()>::unbounded().expect("there is memory");
    let caught = RawValue::new(0_u32).expect("there is memory");
    let _ = CAUGHT.set(caught.clone());
    let caught_in = |before: bool| {
        let creator = started(|| {
            // As at a terminal: a group of its own, to which Ctrl-C goes.
            setpgid(Pid::from_raw(0), Pid::from_raw(0)).expect("one may");
            let catch =
                || on_signal(Signal::SIGINT, SigHandler::Handler(count));
            if before {
                catch();
            }
            ok(|| {
                let manager = served(tcp());
                let list = manager.list_from([1])?;
                if !before {
                    catch();
                }
                tell("group", getpid());
                go.get()?;
                // The clean-up.
                assert_eq!(list.to_vec()?, [1]);
                manager.list::<u8>()?.append(1)?;
                manager.shutdown()?;
                assert_eq!(manager.exitcode()?, Some(0));
                Ok(())
            });
        });
        caught.set(0);
        let group = Pid::from_raw(told("group"));
        for times in 1..=3 {
            killpg(group, Signal::SIGINT).expect("it is there");
            eventually(SOON, || caught.get() >= times);
        }
        go.put(()).expect("there is room");
        assert_eq!(joined(&creator), 0);
        // Not once more by the server, in the creator's handler.
        assert_eq!(caught.get(), 3);
        fs::remove_file(scratch("group")).expect("it is ours");
    };
    caught_in(true);
    caught_in(false);
}

fn the_server_ends_with_its_creator_whoever_kills_that() {
    enter_scratch();
    for signal in [Signal::SIGKILL, Signal::SIGTERM, Signal::SIGINT] {
        let creator = started(|| {
            let manager = served(Path::new("here"));
            tell("server", manager.pid());
            sleep_for_ever();
        });
        let server: i32 = told("server");
        let creator_pid = creator.pid().expect("open").expect("started");
        send(signal, creator_pid);
        assert_eq!(joined(&creator), -(signal as i32));
        eventually(SOON, || !procfs::alive(server));
        fs::remove_file(scratch("server")).expect("it is ours");
        // What the dead have left is no hindrance, once all their threads are
        // gone.
        let again = || Manager::builder().address(Path::new("here")).build();
        eventually(SOON, || again().is_ok());
        assert!(!Path::new("here").exists());
    }
}

fn sigterm_ends_the_server_and_its_path() {
    enter_scratch();
    let manager = served(Path::new("here"));
    let list = manager.list::<u8>().expect("a list");
    send(Signal::SIGTERM, manager.pid());
    let server = manager.pid();
    eventually(SOON, || !procfs::alive(server));
    assert!(!Path::new("here").exists());
    eventually(SOON, || manager.exitcode().expect("ours") == Some(0));
    disconnected(list.append(1));
}

fn a_normal_end_without_shutdown_leaves_no_path() {
    enter_scratch();
    let exitcode = in_child(|| -> () {
        let manager = served(Path::new("here"));
        let private = Manager::builder().private_address().build();
        let private = private.expect("a server");
        tell("path", path(&private).display());
        std::mem::forget((manager, private));
        std::process::exit(5);
    });
    assert_eq!(exitcode, 5);
    let private: String = told("path");
    let gone = |path: &Path| !path.exists();
    eventually(SOON, || gone(Path::new("here")) && gone(private.as_ref()));
    let directory = Path::new(&private).parent().expect("it has one");
    eventually(SOON, || gone(directory));
}

fn a_killed_server_leaves_no_path_behind_a_shutdown() {
    enter_scratch();
    let private = Manager::builder().private_address().build();
    for manager in [served(Path::new("here")), private.expect("a server")] {
        let path = path(&manager);
        send(Signal::SIGKILL, manager.pid());
        manager.join().expect("ours");
        assert!(!path.exists());
        if path.is_absolute() {
            assert!(!path.parent().expect("it has one").exists());
        }
    }
    // What somebody else has taken meanwhile is left alone.
    let first = served(Path::new("here"));
    send(Signal::SIGKILL, first.pid());
    eventually(SOON, || first.exitcode().expect("ours").is_some());
    let second = served(Path::new("here"));
    first.shutdown().expect("it has ended");
    drop(first);
    let address = address(&second);
    drop(RemoteManager::connect(address, KEY).expect("it is there"));
}

fn join_waits_for_the_end_of_the_server() {
    ok(|| {
        let manager = Manager::new()?;
        let pid = manager.pid();
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(std::time::Duration::from_millis(30));
                send(Signal::SIGKILL, pid);
            });
            manager.join()?;
            assert_eq!(manager.exitcode()?, Some(-9));
            manager.join()
        })
    });
}

fn what_the_creator_had_open_fails_in_the_server() {
    static FILE: OnceLock<File> = OnceLock::new();
    let zero = File::open("/dev/zero").expect("every system has it");
    let _ = FILE.set(zero);
    let (reader, writer) = Pipe::one_way().expect("a pipe");
    ok(|| {
        let manager = Manager::builder()
            .initializer(|| {
                let mut byte = [1];
                let read = FILE.get().map(|mut file| file.read(&mut byte));
                writer.send(&read.is_some_and(|read| read.is_ok()))
            })
            .build()?;
        assert!(reader.recv::<bool>()?);
        let object = manager.object(|()| (), ())?;
        let read = |(): &mut (), ()| {
            // Nothing that is opened now gets its number.
            let _other = File::open("/dev/zero");
            let mut byte = [1];
            let read = FILE.get().map(|mut file| file.read(&mut byte));
            let error = read.and_then(std::io::Result::err);
            error.and_then(|error| error.raw_os_error())
        };
        assert_eq!(object.call(read, ())?, Some(libc::EBADF));
        drop(writer);
        disconnected(reader.recv::<u8>());
        Ok(())
    });
}
