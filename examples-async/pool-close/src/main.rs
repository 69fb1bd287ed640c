//! Pool(关闭) 关闭进程池 · A closed pool, and one that is not closed
//!
//! Look at: a closed pool takes no new task, and does those that it has.
//! `join` of a pool that still takes tasks is refused: it would never end.
//! What Python raises as a `ValueError` is an `Err` here, printed as it is.
//!
//!     cargo run -p pool-close
//!     cargo run -p pool-close -- --join

use multiprocessing::Pool;

fn cube(x: i64) -> i64 {
    x * x * x
}

fn submit_after_close() -> lesson::Result {
    let pool = Pool::new(2)?;
    let result = pool.apply_async(cube, 2)?;
    pool.close(); // 关闭后, 不再接收新的请求
    if let Err(error) = pool.apply_async(cube, 3) {
        println!("{error}");
    }
    println!("{}", result.get()?);
    Ok(())
}

fn double(x: i64) -> i64 {
    2 * x
}

fn join_before_close() -> lesson::Result {
    let pool = Pool::new(2)?;
    let result = pool.apply_async(double, 1)?;
    if let Err(error) = pool.join() {
        println!("join before close: {error}");
    }
    pool.close();
    if let Err(error) = pool.apply_async(double, 2) {
        println!("apply_async after close: {error}");
    }
    pool.join()?;
    println!("result {}", result.get()?);
    Ok(())
}

#[derive(clap::Parser)]
#[command(about)]
struct Flags {
    /// Join the pool before it is closed
    #[arg(long)]
    join: bool,
}

fn main() -> lesson::Result {
    let flags = lesson::begin!(Flags);
    match flags.join {
        false => submit_after_close(),
        true => join_before_close(),
    }
}
