//! 例 3-4 共享变量的应用 · Shared variables
//!
//! Look at: `num` and `arr` lie in memory that both processes have. Without
//! `join` the parent reads whatever is there at that moment.
//!
//!     cargo run -p ex3-4
//!     cargo run -p ex3-4 -- --no-join

use multiprocessing::{Array, Process, Value};

fn fun_memory(n: &Value<f64>, a: &Array<i32>) -> lesson::Result {
    n.set(3.1415927)?;
    for i in 0..a.len() {
        a.set(i, -a.get(i)?)?;
    }
    Ok(())
}

fn share_memory(flags: &Flags) -> lesson::Result {
    let num = Value::new(0.0)?;
    let arr = Array::new(0..10)?;

    let p = Process::new(|| fun_memory(&num, &arr));
    p.start()?;
    if !flags.no_join {
        p.join()?; // 注意,此处的阻塞是必要的
    }

    println!("共享变量的值={:?}", num.get()?);
    println!("共享数组的值={:?}", arr.slice(..)?);
    Ok(())
}

#[derive(clap::Parser)]
#[command(about)]
struct Flags {
    /// Read without waiting for the child
    #[arg(long)]
    no_join: bool,
}

fn main() -> lesson::Result {
    let flags = lesson::begin!(Flags);
    share_memory(&flags)
}
