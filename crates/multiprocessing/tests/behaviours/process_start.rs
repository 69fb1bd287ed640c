//! What a process is before, during and after its run.

use std::collections::BTreeMap;

use multiprocessing::{
    Connection, Error, Pipe, Process, Result, active_children, cpu_count,
    current_process, parent_process,
};

use crate::harness::{Test, list};
use crate::support::{in_child, joined, sleep_for_ever, started};

pub(crate) const TESTS: &[Test] = list![
    b001_the_main_process_knows_itself,
    b002_captures_arrive_unchanged,
    b003_a_process_is_a_daemon_if_its_creator_is_or_if_told,
    b004_parent_process_is_none_in_main_and_the_creator_in_a_child,
    b006_before_the_start_it_is_not_alive_and_cannot_be_joined,
    b007_after_the_start_it_is_alive_and_knows_itself,
    b008_after_join_the_exit_code_is_0,
    b009_the_child_has_a_main_thread_of_its_own,
    b014_there_is_a_processor,
    b015_active_children_lists_from_start_to_end,
    b024_a_type_with_a_loop_of_its_own_serves_until_told,
    b030_a_second_start_is_refused,
    b030_a_start_by_another_process_is_refused,
    b031_a_daemon_may_not_start_children,
    b033_default_names_count_the_generations,
    what_a_child_borrows_both_have,
    a_name_may_be_anything,
];

fn b001_the_main_process_knows_itself() {
    let current = current_process();
    assert_eq!(current.name(), "MainProcess");
    assert_eq!(current.pid(), nix::unistd::getpid().as_raw());
    assert!(!current.daemon());
    assert_eq!(current.authkey().len(), 32);
    assert!(current.authkey().iter().any(|&byte| byte != 0));
}

fn b002_captures_arrive_unchanged() {
    let (number, text) = (1, String::from("zwölf"));
    let (list, tuple) = (vec![1], (1,));
    let named = BTreeMap::from([("hello", 23), ("bye", 54)]);
    let exitcode = in_child(move || {
        assert_eq!((number, text.as_str()), (1, "zwölf"));
        assert_eq!((list, tuple), (vec![1], (1,)));
        assert_eq!((named["hello"], named["bye"]), (23, 54));
    });
    assert_eq!(exitcode, 0);
}

fn b003_a_process_is_a_daemon_if_its_creator_is_or_if_told() {
    let default = || Process::new(|| ()).daemon();
    let told = |daemon| Process::new(|| ()).with_daemon(daemon).daemon();
    assert!(!default());
    assert!(told(true));
    assert!(!told(false));

    let daemon = Process::new(|| {
        assert!(current_process().daemon());
        assert!(default());
        assert!(told(true));
        assert!(!told(false));
    });
    let daemon = daemon.with_daemon(true);
    daemon.start().expect("it can be started");
    assert_eq!(joined(&daemon), 0);
}

fn b004_parent_process_is_none_in_main_and_the_creator_in_a_child() {
    assert!(parent_process().is_none());
    let main = current_process().pid();
    let child = Process::new(|| {
        let parent = parent_process().expect("a child has a parent");
        assert_eq!((parent.pid(), parent.name()), (main, "MainProcess"));
        assert!(parent.is_alive().expect("it can be asked"));

        let pid = current_process().pid();
        let grandchild = in_child(|| {
            let parent = parent_process().expect("a child has a parent");
            assert_eq!((parent.pid(), parent.name()), (pid, "Otto"));
        });
        assert_eq!(grandchild, 0);
    });
    let child = child.with_name("Otto");
    child.start().expect("it can be started");
    assert_eq!(joined(&child), 0);
}

fn b006_before_the_start_it_is_not_alive_and_cannot_be_joined() {
    let child = Process::new(|| ());
    assert_eq!(child.is_alive().ok(), Some(false));
    assert_eq!(child.exitcode().ok(), Some(None));
    assert_eq!(child.pid().ok(), Some(None));
    assert!(active_children().is_empty());
    for refused in [child.join(), child.terminate(), child.kill()] {
        assert!(matches!(refused, Err(Error::NotStarted { .. })));
    }
}

fn b007_after_the_start_it_is_alive_and_knows_itself() {
    let authkey = current_process().authkey().to_vec();
    let (mut reader, writer) = std::io::pipe().expect("there is room");
    let child = Process::new(move || {
        use std::io::Write;
        let current = current_process();
        assert_eq!(current.name(), "Anna");
        assert_eq!(current.pid(), nix::unistd::getpid().as_raw());
        assert_eq!(current.authkey(), authkey);
        let pid = current.pid().to_ne_bytes();
        (&writer).write_all(&pid).expect("the reader is there");
        sleep_for_ever();
    });
    let child = child.with_name("Anna");
    child.start().expect("it can be started");

    assert_eq!(child.is_alive().ok(), Some(true));
    assert_eq!(child.exitcode().ok(), Some(None));
    let names = |child: &multiprocessing::Child| child.name().to_owned();
    let active: Vec<_> = active_children().iter().map(names).collect();
    assert_eq!(active, ["Anna"]);

    let mut pid = [0; 4];
    std::io::Read::read_exact(&mut reader, &mut pid).expect("it is sent");
    assert_eq!(child.pid().ok(), Some(Some(i32::from_ne_bytes(pid))));
    child.kill().expect("it can be killed");
}

fn b008_after_join_the_exit_code_is_0() {
    let child = started(|| ());
    assert_eq!(joined(&child), 0);
    assert_eq!(child.is_alive().ok(), Some(false));
    assert!(active_children().is_empty());
    assert!(child.pid().is_ok_and(|pid| pid.is_some()));
    child.join().expect("it may be joined many times");
}

fn b009_the_child_has_a_main_thread_of_its_own() {
    let in_parent = nix::unistd::gettid();
    let exitcode = in_child(|| {
        assert_ne!(nix::unistd::gettid(), in_parent);
        assert_eq!(nix::unistd::gettid(), nix::unistd::getpid());
    });
    assert_eq!(exitcode, 0);
}

fn b014_there_is_a_processor() {
    assert!(cpu_count() >= 1);
}

fn b015_active_children_lists_from_start_to_end() {
    let child = Process::new(|| sleep_for_ever());
    assert!(active_children().is_empty());
    child.start().expect("it can be started");
    assert_eq!(active_children().len(), 1);
    let inherited = in_child(|| assert!(active_children().is_empty()));
    assert_eq!(inherited, 0);

    let [listed] = &active_children()[..] else {
        panic!("one child is active");
    };
    listed.kill().expect("it can be killed");
    listed.join().expect("it can be joined");
    assert!(active_children().is_empty());
    assert_eq!(child.exitcode().ok(), Some(Some(-9)));
}

struct Upper {
    requests: Connection,
}

impl Upper {
    fn run(&self) -> Result<()> {
        while let Some(text) = self.requests.recv::<Option<String>>()? {
            self.requests.send(&text.to_uppercase())?;
        }
        Ok(())
    }
}

fn b024_a_type_with_a_loop_of_its_own_serves_until_told() {
    let (client, requests) = Pipe::duplex().expect("there is room");
    let upper = Upper { requests };
    let server = started(move || upper.run());
    for (text, answer) in [("hello", "HELLO"), ("world", "WORLD")] {
        client.send(&Some(text)).expect("it is received");
        assert_eq!(client.recv::<String>().expect("it is sent"), answer);
    }
    client.send(&None::<&str>).expect("it is received");
    assert_eq!(joined(&server), 0);
}

fn b030_a_second_start_is_refused() {
    let child = started(|| ());
    let again = || matches!(child.start(), Err(Error::AlreadyStarted { .. }));
    assert!(again());
    assert_eq!(joined(&child), 0);
    assert!(again());
}

fn b030_a_start_by_another_process_is_refused() {
    let ours = Process::new(|| ());
    let owner = current_process().pid();
    let exitcode = in_child(|| match ours.start() {
        Err(Error::NotCreator { owner: told, .. }) => assert_eq!(told, owner),
        other => panic!("{other:?}"),
    });
    assert_eq!(exitcode, 0);
    ours.start().expect("its creator may start it");
    assert_eq!(joined(&ours), 0);
}

fn b031_a_daemon_may_not_start_children() {
    let daemon = Process::new(|| {
        let child = Process::new(|| ()).with_daemon(false);
        let refused = child.start();
        assert!(matches!(refused, Err(Error::DaemonicChild { .. })));
    });
    let daemon = daemon.with_daemon(true);
    daemon.start().expect("it can be started");
    assert_eq!(joined(&daemon), 0);
}

fn b033_default_names_count_the_generations() {
    let first = Process::new(|| {
        assert_eq!(current_process().name(), "Process-1");
        assert_eq!(Process::new(|| ()).name(), "Process-1:1");
        let second = Process::new(|| {
            assert_eq!(current_process().name(), "Process-1:2");
            assert_eq!(Process::new(|| ()).name(), "Process-1:2:1");
        });
        second.start().expect("it can be started");
        assert_eq!(joined(&second), 0);
    });
    assert_eq!(first.name(), "Process-1");
    assert_eq!(Process::new(|| ()).with_name("Otto").name(), "Otto");
    assert_eq!(Process::new(|| ()).name(), "Process-3");
    first.start().expect("it can be started");
    assert_eq!(joined(&first), 0);
}

fn what_a_child_borrows_both_have() {
    let mut numbers = vec![1, 2, 3];
    let exitcode = in_child(|| {
        numbers.push(4);
        i32::try_from(numbers.len()).expect("it is small")
    });
    assert_eq!(exitcode, 4);
    assert_eq!(
        numbers,
        [1, 2, 3],
        "what a child changes stays in the child"
    );
}

fn a_name_may_be_anything() {
    for name in ["", "a\0b", "ein langer Name, länger als fünfzehn", "x) Z 1"]
    {
        let child = Process::new(|| assert_eq!(current_process().name(), name));
        let child = child.with_name(name);
        child.start().expect("it can be started");
        assert_eq!(joined(&child), 0);
    }
}
