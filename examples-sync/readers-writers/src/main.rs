//! Readers 读者-写者 · Readers and writers
//!
//! Look at: readers may read at the same time, and a writer writes alone. The
//! first reader locks the writers out, and the last one lets them in again;
//! these may be two processes, so `wrt` is a semaphore: a lock could only be
//! released by its owner.
//!
//!     cargo run -p readers-writers

use lesson::sleep;
use multiprocessing::{Process, Semaphore, Value};

struct Room {
    data: Value<i32>,
    readers: Value<i32>,
    wrt: Semaphore,
}

impl Room {
    fn enter(&self) -> lesson::Result {
        let _guard = self.readers.get_lock().guard()?;
        if self.readers.get()? == 0 {
            self.wrt.acquire()?; // 第一个读者
        }
        Ok(self.readers.set(self.readers.get()? + 1)?)
    }

    fn leave(&self) -> lesson::Result {
        let _guard = self.readers.get_lock().guard()?;
        self.readers.set(self.readers.get()? - 1)?;
        if self.readers.get()? == 0 {
            self.wrt.release()?; // 最后一个读者
        }
        Ok(())
    }
}

fn reader(i: i32, room: &Room) -> lesson::Result {
    room.enter()?;
    println!("读者{i} 读到 {}", room.data.get()?);
    sleep(1);
    println!("读者{i} 读完");
    room.leave()
}

fn writer(i: i32, room: &Room) -> lesson::Result {
    room.wrt.acquire()?;
    println!("写者{i} 开始写");
    room.data.set(room.data.get()? + 1)?;
    sleep(1);
    println!("写者{i} 写完");
    Ok(room.wrt.release()?)
}

fn main() -> lesson::Result {
    lesson::begin!();
    let room = Room {
        data: Value::new(0)?,
        readers: Value::new(0)?,
        wrt: Semaphore::new(1)?,
    };
    let mut processes = Vec::new();
    for i in 0..3 {
        let room = &room;
        processes.push(Process::new(move || reader(i, room)));
        if i < 2 {
            processes.push(Process::new(move || writer(i, room)));
        }
    }
    processes.iter().try_for_each(Process::start)?;
    processes.iter().try_for_each(|process| process.join())?;
    println!("最后是 {}", room.data.get()?);
    Ok(())
}
