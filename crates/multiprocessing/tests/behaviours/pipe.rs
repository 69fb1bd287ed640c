//! Pipes and their messages.

use std::thread;
use std::time::{Duration, Instant};

use multiprocessing::{Connection, Error, Pipe};
use nix::sys::signal::{SigHandler, Signal, kill};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use crate::harness::{Test, list};
use crate::support::{joined, on_signal, started};
use crate::waiting::once_in;

pub(crate) const TESTS: &[Test] = list![
    b126_duplex_echo_of_structured_data,
    b126_bytes_and_a_buffer_with_offset,
    b127_a_short_buffer_loses_nothing,
    b128_poll_waits_as_long_as_it_is_told,
    b129_sixteen_mebibytes_arrive_intact,
    b131_a_one_way_pipe_has_one_way,
    b138_an_empty_message_is_a_message,
    b139_messages_stay_apart_and_in_order,
    b140_poll_takes_nothing_from_another_process,
    b141_messages_do_not_merge,
    b147_signals_tear_no_message,
    five_messages_wait_for_their_reader,
    a_message_of_another_type_is_an_error,
    threads_send_whole_messages,
];

const LONG: Duration = Duration::from_mins(1);
const SHORT: Duration = Duration::from_millis(50);

pub(crate) fn duplex() -> (Connection, Connection) {
    Pipe::duplex().expect("two descriptors")
}

pub(crate) fn one_way() -> (Connection, Connection) {
    Pipe::one_way().expect("two descriptors")
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
enum Shape {
    Point,
    Circle { radius: f64 },
    Path(Vec<(i32, i32)>),
    Named(String, Box<Shape>),
}

fn b126_duplex_echo_of_structured_data() {
    let (mine, theirs) = duplex();
    let child = started(move || {
        for _ in 0..4 {
            let shape: Shape = theirs.recv().expect("a shape");
            theirs.send(&shape).expect("echo");
        }
    });
    let path = Shape::Path(vec![(1, -1), (i32::MAX, i32::MIN)]);
    for shape in [
        Shape::Point,
        Shape::Circle { radius: 1.5 },
        path.clone(),
        Shape::Named("an outline".into(), Box::new(path)),
    ] {
        mine.send(&shape).expect("send");
        assert_eq!(mine.recv::<Shape>().expect("echo"), shape);
    }
    assert_eq!(joined(&child), 0);
}

fn b126_bytes_and_a_buffer_with_offset() {
    let (mine, theirs) = duplex();
    let child = started(move || {
        for _ in 0..3 {
            let bytes = theirs.recv_bytes().expect("bytes");
            theirs.send_bytes(&bytes).expect("echo");
        }
    });
    mine.send_bytes(b"hello world").expect("send");
    assert_eq!(mine.recv_bytes().expect("echo"), b"hello world");

    let mut buffer = [b'.'; 10];
    mine.send_bytes(b"hello").expect("send");
    let len = mine.recv_bytes_into(&mut buffer).expect("room for five");
    assert_eq!((len, &buffer), (5, b"hello....."));
    mine.send_bytes(b"hello").expect("send");
    let len = mine.recv_bytes_into(&mut buffer[5..]).expect("just fits");
    assert_eq!((len, &buffer), (5, b"hellohello"));
    assert_eq!(joined(&child), 0);
}

fn b127_a_short_buffer_loses_nothing() {
    let (reader, writer) = one_way();
    writer.send_bytes(b"a long message").expect("send");
    writer.send_bytes(b"next").expect("send");
    let mut buffer = [0; 4];
    match reader.recv_bytes_into(&mut buffer) {
        Err(Error::BufferTooShort { message, room }) => {
            assert_eq!((message.as_slice(), room), (&b"a long message"[..], 4));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(reader.recv_bytes_into(&mut buffer).expect("fits"), 4);
    assert_eq!(&buffer, b"next");
}

fn b128_poll_waits_as_long_as_it_is_told() {
    let (reader, writer) = one_way();
    assert!(!reader.poll(Duration::ZERO).expect("poll"));
    let start = Instant::now();
    assert!(!reader.poll(SHORT).expect("poll"));
    assert!(start.elapsed() >= SHORT);
    writer.send(&1).expect("send");
    let start = Instant::now();
    assert!(reader.poll(LONG).expect("poll"));
    assert!(reader.poll(Duration::ZERO).expect("poll"));
    assert!(start.elapsed() < LONG / 2);
}

fn b129_sixteen_mebibytes_arrive_intact() {
    let message: Vec<u8> =
        (0..16 << 20).map(|i: u32| (i % 251) as u8).collect();
    let (mine, theirs) = duplex();
    let child = started(move || {
        let bytes = theirs.recv_bytes().expect("all of it");
        theirs.send_bytes(&bytes).expect("all of it");
    });
    mine.send_bytes(&message).expect("send");
    assert!(mine.recv_bytes().expect("echo") == message);
    assert_eq!(joined(&child), 0);
}

fn b131_a_one_way_pipe_has_one_way() {
    #[track_caller]
    fn refused<T>(result: Result<T, Error>) {
        match result.map(drop) {
            Err(Error::WrongDirection { .. }) => {}
            other => panic!("{other:?}"),
        }
    }
    let (reader, writer) = one_way();
    writer.send(&1).expect("send");
    assert_eq!(reader.recv::<i32>().expect("recv"), 1);
    assert_eq!((reader.readable(), reader.writable()), (true, false));
    assert_eq!((writer.readable(), writer.writable()), (false, true));
    refused(reader.send(&2));
    refused(reader.send_bytes(b"2"));
    refused(writer.recv::<i32>());
    refused(writer.recv_bytes());
    refused(writer.recv_bytes_into(&mut [0; 8]));
    refused(writer.poll(Duration::ZERO));
}

fn b138_an_empty_message_is_a_message() {
    let (reader, writer) = one_way();
    assert!(!reader.poll(Duration::ZERO).expect("poll"));
    writer.send_bytes(b"").expect("send");
    for _ in 0..3 {
        assert!(reader.poll(Duration::ZERO).expect("poll"));
    }
    assert_eq!(reader.recv_bytes().expect("recv"), b"");
    assert!(!reader.poll(Duration::ZERO).expect("poll"));
}

const STRINGS: [&[u8]; 6] = [b"hello", b"", b"a", b"b", b"", b"bye"];

fn b139_messages_stay_apart_and_in_order() {
    let (reader, writer) = one_way();
    let child = started(move || {
        for string in STRINGS {
            writer.send_bytes(string).expect("send");
            thread::sleep(SHORT);
        }
    });
    for string in STRINGS {
        while !reader.poll(Duration::from_millis(10)).expect("poll") {}
        assert_eq!(reader.recv_bytes().expect("recv"), string);
    }
    assert_eq!(joined(&child), 0);
}

fn b140_poll_takes_nothing_from_another_process() {
    let (reader, writer) = one_way();
    let child = started(|| i32::from(!reader.poll(LONG).expect("poll")));
    writer.send_bytes(b"first").expect("send");
    writer.send_bytes(b"second").expect("send");
    assert_eq!(joined(&child), 0);
    assert_eq!(reader.recv_bytes().expect("recv"), b"first");
    assert_eq!(reader.recv_bytes().expect("recv"), b"second");
}

fn b141_messages_do_not_merge() {
    let (mine, theirs) = duplex();
    let child = started(move || {
        theirs.send_bytes(b"a").expect("send");
        assert_eq!(theirs.recv_bytes().expect("recv"), b"b");
        assert!(!theirs.poll(SHORT).expect("poll"));
        theirs.send_bytes(b"cd").expect("send");
    });
    assert!(mine.poll(LONG).expect("poll"));
    assert_eq!(mine.recv_bytes().expect("recv"), b"a");
    assert!(!mine.poll(SHORT).expect("poll"));
    mine.send_bytes(b"b").expect("send");
    assert!(mine.poll(LONG).expect("poll"));
    assert_eq!(mine.recv_bytes().expect("recv"), b"cd");
    assert_eq!(joined(&child), 0);
}

fn b147_signals_tear_no_message() {
    const SIGNAL: Signal = Signal::SIGUSR1;
    extern "C" fn ignore(_signal: i32) {}

    let message: Vec<u8> =
        (0..1 << 20).map(|i: u32| i.to_le_bytes()[1]).collect();
    let (mine, theirs) = duplex();
    let child = started(move || {
        on_signal(SIGNAL, SigHandler::Handler(ignore));
        theirs.send(&()).expect("send");
        let bytes = theirs.recv_bytes().expect("all of it");
        theirs.send_bytes(&bytes).expect("all of it");
    });
    mine.recv::<()>().expect("it has its handler");
    let interrupt = |call| {
        for _ in 0..5 {
            let pid = Pid::from_raw(once_in(call, &child));
            kill(pid, SIGNAL).expect("it is there");
        }
    };
    interrupt(libc::SYS_recvmsg);
    mine.send_bytes(&message).expect("send");
    interrupt(libc::SYS_sendmsg);
    assert!(mine.recv_bytes().expect("echo") == message);
    assert_eq!(joined(&child), 0);
}

fn five_messages_wait_for_their_reader() {
    let (reader, writer) = one_way();
    for i in 0..5 {
        writer.send(&i).expect("send");
    }
    for i in 0..5 {
        assert_eq!(reader.recv::<i32>().expect("recv"), i);
    }
}

fn a_message_of_another_type_is_an_error() {
    let (reader, writer) = one_way();
    writer.send(&(1_u8, 2_u8)).expect("send");
    writer.send("text").expect("send");
    writer.send(&3_u8).expect("send");
    let wrong = reader.recv::<u8>();
    assert!(matches!(wrong, Err(Error::Decode { .. })), "{wrong:?}");
    let wrong = reader.recv::<Vec<(String, f64)>>();
    assert!(matches!(wrong, Err(Error::Decode { .. })), "{wrong:?}");
    assert_eq!(reader.recv::<u8>().expect("recv"), 3);
}

fn threads_send_whole_messages() {
    const LEN: usize = 300_000;
    let (reader, writer) = one_way();
    let child = started(move || {
        thread::scope(|scope| {
            for byte in 0..4 {
                let writer = &writer;
                scope.spawn(move || {
                    for _ in 0..20 {
                        writer.send_bytes(&vec![byte; LEN]).expect("send");
                    }
                });
            }
        });
    });
    let mut counts = [0; 4];
    while let Ok(message) = reader.recv_bytes() {
        let first = message[0];
        assert!(message.len() == LEN && message.iter().all(|it| *it == first));
        counts[usize::from(first)] += 1;
    }
    assert_eq!(counts, [20; 4]);
    assert_eq!(joined(&child), 0);
}
