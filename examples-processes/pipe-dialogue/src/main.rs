//! Dialogue 管道上的对话 · A dialogue over a duplex pipe
//!
//! Look at: both ends send and receive, and only the two messages order the two
//! sides: 子进程接受消息： may come before 你好主进程 or after it.
//!
//!     cargo run -p pipe-dialogue

use multiprocessing::{Connection, Pipe, Process};

fn fun1(conn: &Connection) -> lesson::Result {
    println!("子进程发送消息：");
    conn.send("你好主进程")?;
    println!("子进程接受消息：");
    println!("{}", conn.recv::<String>()?);
    Ok(())
}

fn main() -> lesson::Result {
    lesson::begin!();
    let (conn1, conn2) = Pipe::duplex()?; // 双向管
    let p = Process::new(move || fun1(&conn2)); // conn2 传给子进程
    p.start()?;
    println!("主进程接受消息：");
    println!("{}", conn1.recv::<String>()?);
    println!("主进程发送消息：");
    conn1.send("你好子进程")?;
    p.join()?;
    println!("结束测试");
    Ok(())
}
