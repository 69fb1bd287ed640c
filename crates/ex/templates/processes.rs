//! @number@ @title-zh@ · @title@
//!
//! Look at: what is to be seen in the output, and why it is so.
//!
//!     cargo run -p @package@

use multiprocessing::Process;

fn worker(num: u32) {
    println!("Worker: {num}");
}

fn main() -> lesson::Result {
    lesson::begin!();
    let p = Process::new(|| worker(0));
    p.start()?;
    p.join()?;
    println!("程序结束!");
    Ok(())
}
