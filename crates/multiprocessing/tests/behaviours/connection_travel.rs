//! Connections and other descriptors that are sent through a connection.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::time::Duration;

use multiprocessing::connection::Descriptor;
use multiprocessing::{Connection, Error, Pipe, Pool, Queue};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use rustix::io::fcntl_dupfd_cloexec;
use serde::{Serialize, Serializer};

use crate::harness::{Test, list};
use crate::pipe::{duplex, one_way};
use crate::pipe_end::disconnected;
use crate::procfs::open_descriptors;
use crate::support::{in_child, joined, scratch, started};

pub(crate) const TESTS: &[Test] = list![
    b135_a_file_sent_to_a_child_is_usable_there,
    b135_a_descriptor_over_255_arrives_as_well,
    b135_many_descriptors_arrive_in_their_order,
    b136_a_missing_descriptor_is_an_error,
    b136_a_number_that_came_twice_or_too_high_is_an_error,
    b136_no_room_for_a_descriptor_is_an_error,
    b137_an_end_sent_through_a_pipe_is_used_at_the_other_side,
    b137_an_end_that_travels_keeps_its_direction,
    b137_an_end_travels_with_everything_unread_in_it,
    what_is_not_taken_out_is_closed,
    a_queue_is_no_way_for_a_connection,
    an_item_may_send_another_while_it_is_packed,
    more_than_253_descriptors_are_an_error,
];

#[track_caller]
fn file(name: &str) -> File {
    let options = &mut File::options();
    let options = options.create(true).truncate(true).read(true).write(true);
    options.open(scratch(name)).expect("the directory is ours")
}

#[track_caller]
fn received(result: Result<Descriptor, Error>) -> File {
    File::from(result.expect("a descriptor").into_inner())
}

fn b135_a_file_sent_to_a_child_is_usable_there() {
    let (mine, theirs) = one_way();
    let child = started(move || {
        let mut file = received(mine.recv());
        file.write_all(b"hello from a child").expect("it is a file");
    });
    let sent = Descriptor::new(file("letter"));
    theirs.send(&sent).expect("send");
    drop(sent);
    assert_eq!(joined(&child), 0);
    let text = fs::read_to_string(scratch("letter")).expect("it is there");
    assert_eq!(text, "hello from a child");
}

fn b135_a_descriptor_over_255_arrives_as_well() {
    const HIGH: i32 = 700;
    let (mine, theirs) = one_way();
    let child = started(move || {
        let mut text = String::new();
        let mut file = received(mine.recv());
        file.read_to_string(&mut text).expect("it is UTF-8");
        assert_eq!(text, "high");
    });
    fs::write(scratch("high"), "high").expect("the directory is ours");
    let low = File::open(scratch("high")).expect("it is there");
    let high = fcntl_dupfd_cloexec(&low, HIGH).expect("the limit is higher");
    assert!(high.as_raw_fd() >= HIGH);
    theirs.send(&Descriptor::new(high)).expect("send");
    assert_eq!(joined(&child), 0);
}

fn b135_many_descriptors_arrive_in_their_order() {
    const MANY: usize = 253;
    let (reader, writer) = one_way();
    let files = (0..MANY).map(|number| {
        let path = scratch(&number.to_string());
        fs::write(&path, number.to_string()).expect("the directory is ours");
        Descriptor::new(File::open(path).expect("it is there"))
    });
    let files: Vec<_> = files.collect();
    writer.send(&files).expect("send");
    drop(files);
    let files: Vec<Descriptor> = reader.recv().expect("all of them");
    assert_eq!(files.len(), MANY);
    for (number, file) in files.into_iter().enumerate() {
        let mut text = String::new();
        let mut file = File::from(file.into_inner());
        file.read_to_string(&mut text).expect("it is UTF-8");
        assert_eq!(text, number.to_string());
    }
}

#[track_caller]
fn is_missing<T>(result: Result<T, Error>) {
    match result.map(drop) {
        Err(Error::MissingDescriptor) => {}
        other => panic!("{other:?}"),
    }
}

fn b136_a_missing_descriptor_is_an_error() {
    let (mine, theirs) = duplex();
    // As a connection is written: its number and its direction, without it.
    theirs.send(&(0_u8, 2_u8)).expect("send");
    is_missing(mine.recv::<Connection>());
    theirs.send(&0_u8).expect("send");
    is_missing(mine.recv::<Descriptor>());
    // Nothing else is lost.
    theirs.send(&"next").expect("send");
    assert_eq!(mine.recv::<String>().expect("recv"), "next");
    // Bytes have no descriptors: what comes with them is lost.
    theirs.send(&Descriptor::new(file("lost"))).expect("send");
    let bytes = mine.recv_bytes().expect("recv");
    theirs.send_bytes(&bytes).expect("send");
    is_missing(mine.recv::<Descriptor>());
}

fn b136_a_number_that_came_twice_or_too_high_is_an_error() {
    /// Takes a descriptor along, and lies about its number.
    struct Liar(Descriptor, [u8; 2]);

    impl Serialize for Liar {
        fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            postcard::to_stdvec(&self.0).expect("it is taken along");
            self.1.serialize(to)
        }
    }

    let (reader, writer) = one_way();
    let before = open_descriptors();
    for numbers in [[0, 0], [0, 1], [255, 0]] {
        let liar = Liar(Descriptor::new(file("a")), numbers);
        writer.send(&liar).expect("send");
        drop(liar);
        is_missing(reader.recv::<[Descriptor; 2]>());
    }
    assert_eq!(open_descriptors(), before);
}

fn b136_no_room_for_a_descriptor_is_an_error() {
    let exitcode = in_child(|| {
        let (reader, writer) = one_way();
        let sent = Descriptor::new(file("a"));
        writer.send(&sent).expect("send");
        drop(sent);
        let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("a limit");
        setrlimit(Resource::RLIMIT_NOFILE, 3, hard).expect("lower it");
        is_missing(reader.recv::<Descriptor>());
        setrlimit(Resource::RLIMIT_NOFILE, hard, hard).expect("raise it");
        writer.send(&Descriptor::new(file("a"))).expect("send");
        received(reader.recv());
    });
    assert_eq!(exitcode, 0);
}

fn b137_an_end_sent_through_a_pipe_is_used_at_the_other_side() {
    let (mine, theirs) = duplex();
    let child = started(move || -> multiprocessing::Result<()> {
        let (reader, writer) = Pipe::one_way()?;
        theirs.send(&("answer here", writer))?;
        let question: Connection = theirs.recv()?;
        reader
            .recv::<String>()
            .and_then(|text| question.send(&text))
    });
    let (text, answer): (String, Connection) = mine.recv().expect("an end");
    assert_eq!(text, "answer here");
    let (echo, question) = one_way();
    mine.send(&question).expect("send");
    drop(question);
    answer
        .send("through the end")
        .expect("the other end is there");
    assert_eq!(echo.recv::<String>().expect("recv"), "through the end");
    // The copies that were sent are closed.
    disconnected(echo.recv::<String>());
    assert_eq!(joined(&child), 0);
}

fn b137_an_end_that_travels_keeps_its_direction() {
    let (mine, theirs) = duplex();
    let ways = |end: &Connection| (end.readable(), end.writable());
    let (reader, writer) = one_way();
    let (both, _) = duplex();
    for end in [reader, writer, both] {
        theirs.send(&end).expect("send");
        let arrived: Connection = mine.recv().expect("recv");
        assert_eq!(ways(&arrived), ways(&end));
    }
}

fn b137_an_end_travels_with_everything_unread_in_it() {
    let (mine, theirs) = duplex();
    let (reader, writer) = one_way();
    writer.send(&1).expect("send");
    theirs.send(&vec![reader]).expect("send");
    writer.send(&2).expect("send");
    writer.close();
    let [reader]: [Connection; 1] = mine
        .recv::<Vec<_>>()
        .expect("recv")
        .try_into()
        .expect("one");
    assert_eq!(reader.recv::<i32>().expect("recv"), 1);
    assert_eq!(reader.recv::<i32>().expect("recv"), 2);
    disconnected(reader.recv::<i32>());
}

fn what_is_not_taken_out_is_closed() {
    let (reader, writer) = one_way();
    let before = open_descriptors();
    for _ in 0..10 {
        let sent = Descriptor::new(file("a"));
        writer.send(&("text", &sent)).expect("send");
        let wrong = reader.recv::<(String, String, u64)>();
        assert!(matches!(wrong, Err(Error::Decode { .. })), "{wrong:?}");
        writer.send(&("text", &sent)).expect("send");
        assert_eq!(reader.recv_bytes().expect("recv")[0], 4);
    }
    assert_eq!(open_descriptors(), before);
}

fn a_queue_is_no_way_for_a_connection() {
    fn forget(_: Connection) {}

    let (reader, writer) = one_way();
    let queue = Queue::unbounded().expect("there is memory for a queue");
    match queue.put((1, &writer)) {
        Err(Error::Encode { reason }) => {
            assert!(reason.contains("through a connection only"), "{reason}");
        }
        other => panic!("{other:?}"),
    }
    let pool = Pool::new(1).expect("a process");
    let put = pool.apply(forget, reader);
    assert!(matches!(put, Err(Error::Encode { .. })), "{put:?}");
}

fn an_item_may_send_another_while_it_is_packed() {
    struct Chatty<'a>(&'a Connection, Descriptor);

    impl Serialize for Chatty<'_> {
        fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            self.0.send(&[&self.1]).expect("send");
            (&self.1, &self.1).serialize(to)
        }
    }

    let (reader, writer) = one_way();
    let (news, tell) = one_way();
    let chatty = Chatty(&tell, Descriptor::new(file("a")));
    writer.send(&(&chatty.1, &chatty)).expect("send");
    news.recv::<[Descriptor; 1]>().expect("one");
    let _three: (Descriptor, [Descriptor; 2]) = reader.recv().expect("three");
}

fn more_than_253_descriptors_are_an_error() {
    let (reader, writer) = one_way();
    let file = Descriptor::new(file("a"));
    let before = open_descriptors();
    let sent = writer.send(&vec![&file; 254]);
    assert!(matches!(sent, Err(Error::Encode { .. })), "{sent:?}");
    assert!(!reader.poll(Duration::ZERO).expect("poll"));
    assert_eq!(open_descriptors(), before);
}
