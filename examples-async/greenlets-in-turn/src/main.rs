//! gevent 依次运行的协程 · Three greenlets that never give way
//!
//! Look at: nobody interrupts a greenlet. None of these gives way, so each runs
//! to its end before the next one begins.
//!
//!     cargo run -p greenlets-in-turn

use generator::gevent::{Greenlet, Here, Hub};

fn f(here: &Here<'_>, n: u32) {
    for i in 0..n {
        println!("{} {i}", here.greenlet());
    }
}

fn spawn(hub: &mut Hub) -> Greenlet {
    hub.spawn("f(5)", |here| {
        f(here, 5);
        Ok(())
    })
}

fn main() {
    lesson::begin!();
    let mut hub = Hub::new();
    let g1 = spawn(&mut hub);
    let g2 = spawn(&mut hub);
    let g3 = spawn(&mut hub);
    hub.join(&g1);
    hub.join(&g2);
    hub.join(&g3);
}
