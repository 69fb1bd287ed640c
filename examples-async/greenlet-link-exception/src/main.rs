//! Callback 协程异常处理 · A callback for a failed greenlet
//!
//! Look at: one greenlet fails while the others sleep. Its callback has the
//! sleepers killed, so that the program ends now and not in 30 seconds. Who was
//! killed counts as successful.
//!
//!     cargo run -p greenlet-link-exception
//!
//! gevent tells the error on stderr as well, with a traceback.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use generator::Error;
use generator::gevent::{Greenlet, Here, Hub};
use lesson::{python_bool, seconds};

#[derive(Default)]
struct Fetcher {
    g_dict: RefCell<Vec<(&'static str, Greenlet)>>,
    asleep: RefCell<Vec<&'static str>>,
    terminated_flag: Cell<bool>,
}

impl Fetcher {
    fn g_fetcher(
        &self,
        here: &Here<'_>,
        feed: &'static str,
    ) -> generator::Result {
        if feed == "bad" {
            here.sleep(seconds(0.2))?;
            return Err(Error::raise("cannot fetch"));
        }
        println!("{feed} goes to sleep");
        self.asleep.borrow_mut().push(feed);
        here.sleep(seconds(30))
            .inspect_err(|_| println!("{feed} killed"))
    }

    fn link_exception_callback(&self, g: &Greenlet) {
        self.terminated_flag.set(true); // 停止整个程序
        println!("_link_exception_callback Greenlet {}", exception(g));
        self.kill_sleep_gevent();
    }

    fn kill_sleep_gevent(&self) {
        for (feed, g) in &*self.g_dict.borrow() {
            if self.asleep.borrow().contains(feed) {
                g.kill();
            }
        }
    }
}

fn exception(g: &Greenlet) -> String {
    let error = g.exception();
    error.map_or("None".into(), |error| format!("ValueError('{error}')"))
}

fn main() {
    lesson::begin!();
    let fetcher = Rc::new(Fetcher::default());
    let mut hub = Hub::new();
    for feed in ["feed1", "feed2", "bad"] {
        let own = Rc::clone(&fetcher);
        let g = hub.spawn(feed, move |here| own.g_fetcher(here, feed));
        let own = Rc::clone(&fetcher);
        g.link_exception(move |g| own.link_exception_callback(g));
        fetcher.g_dict.borrow_mut().push((feed, g));
    }
    hub.run();
    println!(
        "terminated_flag {}",
        python_bool(fetcher.terminated_flag.get())
    );
    for (feed, g) in fetcher.g_dict.take() {
        let successful = python_bool(g.successful());
        let value = if g.was_killed() {
            "GreenletExit()"
        } else {
            "None"
        };
        println!(
            "{feed} successful {successful} value {value} exception {}",
            exception(&g)
        );
    }
}
