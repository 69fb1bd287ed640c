//! Those who are killed while they send or receive.

use std::thread::sleep;
use std::time::{Duration, Instant};

use multiprocessing::{Error, Manager, Pipe, Queue, Result};

use crate::row::{Had, Row, kind, row};
use crate::support::{MOMENT, kill, kill_child, started, tell, told};

pub(crate) const ROWS: &[Row] = &[
    row!(
        producer_killed_in_put,
        "a producer is killed inside of `put`",
        "`Queue`",
        "A process that puts one MiB after the other is killed at any moment; \
         then another one takes what is there, puts an item and gets it."
    ),
    row!(
        consumer_killed_in_get,
        "a consumer is killed inside of `get`",
        "`Queue`",
        "A process that waits for an item is killed; then another one puts an \
         item and gets it."
    ),
    row!(
        sender_killed_in_a_message,
        "the sender is killed in a message",
        "`Pipe`",
        "A process has sent some of 16 MiB when it is killed; the other end \
         receives."
    ),
    row!(
        manager_killed_in_a_call,
        "the server is killed in a call",
        "`Manager().Queue`",
        "A client waits in `get` of a shared queue when the manager's process \
         is killed."
    ),
    row!(
        manager_killed_before_a_call,
        "the server has been killed",
        "`Manager().dict`",
        "A client looks into a shared dict whose manager's process was killed \
         before."
    ),
];

const MEBIBYTE: usize = 1 << 20;

fn producer_killed_in_put() -> Result<Had> {
    let queue = Queue::bounded(4)?;
    let producer = started(|| {
        tell(0, 1);
        loop {
            queue.put("1".repeat(MEBIBYTE)).expect("there is memory");
        }
    });
    told(0);
    for _ in 0..20 {
        queue.get()?;
    }
    let drain = || {
        loop {
            match queue.try_get() {
                Ok(_) => {}
                Err(Error::Empty) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    };
    Ok(Had::after(
        || kill_child(&producer),
        || {
            drain()?;
            queue.put("2".into())?;
            queue.get().map(|item| assert_eq!(item, "2"))
        },
    ))
}

fn consumer_killed_in_get() -> Result<Had> {
    let queue = Queue::unbounded()?;
    let consumer = started(|| {
        tell(0, 1);
        queue.get()
    });
    told(0);
    sleep(MOMENT);
    Ok(Had::after(
        || kill_child(&consumer),
        || {
            queue.put(2)?;
            queue.get().map(|item| assert_eq!(item, 2))
        },
    ))
}

fn sender_killed_in_a_message() -> Result<Had> {
    let (reader, writer) = Pipe::one_way()?;
    let sender = started(move || {
        tell(0, 1);
        writer.send_bytes(&vec![1; 16 * MEBIBYTE])
    });
    told(0);
    // The kernel has room for a part of it.
    sleep(MOMENT);
    Ok(Had::after(|| kill_child(&sender), || reader.recv_bytes()))
}

fn manager_killed_in_a_call() -> Result<Had> {
    let manager = Manager::new()?;
    let queue = manager.queue::<i32>(1)?;
    let server = manager.pid();
    let start = Instant::now();
    let killer = started(|| {
        sleep(MOMENT);
        let micros = start.elapsed().as_micros();
        tell(0, i32::try_from(micros).expect("it is soon"));
        kill(server);
    });
    let what = kind(&queue.get());
    let end = start.elapsed();
    let micros = told(0).unsigned_abs().into();
    let after = end.saturating_sub(Duration::from_micros(micros));
    killer.join()?;
    Ok(Had { what, after })
}

fn manager_killed_before_a_call() -> Result<Had> {
    let manager = Manager::new()?;
    let dict = manager.dict::<i32, i32>()?;
    dict.set(1, 2)?;
    kill(manager.pid());
    sleep(MOMENT);
    Ok(Had::after(|| (), || dict.get(&1)))
}
