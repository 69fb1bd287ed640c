//! Pipe 全双工管道 · Two messages over a duplex pipe
//!
//! Look at: there is one order only. The parent prints before it answers, and
//! the child prints the answer. Nobody joins the child: its parent waits for it
//! at the end.
//!
//!     cargo run -p pipe-duplex

use multiprocessing::{Connection, Pipe, Process};

fn foo(sk: &Connection) -> lesson::Result {
    sk.send("hello world")?;
    println!("{}", sk.recv::<String>()?);
    Ok(())
}

fn main() -> lesson::Result {
    lesson::begin!();
    let (conn1, conn2) = Pipe::duplex()?; // 两个口, 都是能进能出
    let p = Process::new(move || foo(&conn1)); // 子进程使用 conn1 口, 调用 foo
    p.start()?;
    println!("{}", conn2.recv::<String>()?); // 主进程使用 conn2 口接收
    conn2.send("hi son")?; // 主进程使用 conn2 口发送
    Ok(())
}
