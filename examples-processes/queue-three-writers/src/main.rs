//! Queue×3 三个子进程的队列 · Three processes put, the parent gets
//!
//! Look at: one queue, into which all put. The messages come out in the order
//! in which they went in, which need not be that of the starts.
//!
//!     cargo run -p queue-three-writers
//!     cargo run -p queue-three-writers -- --join-last
//!
//! `--join-last`: only the process that was started last is joined. Nothing is
//! lost, for `get` waits, but the parent may begin before the others.
//!
//! To join first and get afterwards is safe here, but not in Python if the
//! messages are long: a process ends there when its messages have been taken.

use multiprocessing::{Process, Queue};

fn fun1(q: &Queue<String>, i: usize) -> lesson::Result {
    println!("子进程{i} 开始put数据");
    q.put(format!("我是{i} 通过Queue通信"))?;
    Ok(())
}

fn three_writers(flags: &Flags) -> lesson::Result {
    let q = Queue::unbounded()?;
    let q = &q;

    let mut process_list = Vec::new();
    for i in 0..3 {
        let p = Process::new(move || fun1(q, i));
        p.start()?;
        process_list.push(p);
    }

    for i in &process_list {
        let joined = match flags.join_last {
            false => i,
            true => &process_list[2],
        };
        joined.join()?;
    }

    println!("主进程获取Queue数据");
    println!("{}", q.get()?);
    println!("{}", q.get()?);
    println!("{}", q.get()?);
    println!("结束测试");
    Ok(())
}

#[derive(clap::Parser)]
#[command(about)]
struct Flags {
    /// Join the last process three times, and the others not
    #[arg(long)]
    join_last: bool,
}

fn main() -> lesson::Result {
    let flags = lesson::begin!(Flags);
    three_writers(&flags)
}
