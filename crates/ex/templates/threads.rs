//! @number@ @title-zh@ · @title@
//!
//! Look at: what is to be seen in the output, and why it is so.
//!
//!     cargo run -p @package@

use std::thread;

fn worker(num: u32) {
    println!("Worker: {num}");
}

fn main() {
    lesson::begin!();
    let th = thread::spawn(|| worker(0));
    th.join().expect("worker does not panic");
    println!("程序结束!");
}
