//! 例 3-5 单向管道通信 · Communication through a pipe
//!
//! Look at: a message is received after it was sent. That the lines come in
//! pairs is the work of the sleeps; five messages are never received. The
//! parent keeps both ends open, so proc1 may go on when proc2 has ended.
//!
//!     cargo run -p ex3-5

use lesson::sleep;
use multiprocessing::{Connection, Pipe, Process};

fn proc1(pipe: &Connection) -> lesson::Result {
    for i in 0..10 {
        println!("proc1 发送: {i}");
        pipe.send(&i)?;
        sleep(1);
    }
    Ok(())
}

fn proc2(pipe: &Connection) -> lesson::Result {
    for _ in 0..5 {
        println!("proc2 接收: {}", pipe.recv::<i32>()?);
        sleep(1);
    }
    Ok(())
}

fn procs_pipe() -> lesson::Result {
    let (parent_conn, child_conn) = Pipe::duplex()?;
    let p1 = Process::new(|| proc1(&parent_conn));
    let p2 = Process::new(|| proc2(&child_conn));

    p1.start()?;
    p2.start()?;

    p1.join()?;
    p2.join()?;
    Ok(())
}

fn main() -> lesson::Result {
    lesson::begin!();
    procs_pipe()
}
