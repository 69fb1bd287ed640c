//! Parents that die before their children.

#![expect(clippy::unnecessary_wraps, reason = "rows have one type")]

use std::thread::sleep;
use std::time::{Duration, Instant};

use multiprocessing::Result;

use crate::row::{Had, Row, row};
use crate::support::{alive, kill_child, started, told, wait_to_be_killed};

pub(crate) const ROWS: &[Row] = &[row!(
    parent_killed,
    "its parent is killed",
    "`Process`",
    "A process that has started another one gets SIGKILL; timed until the \
     other one has ended, half a second at most."
)];

fn parent_killed() -> Result<Had> {
    const PATIENCE: Duration = Duration::from_millis(500);

    let parent = started(|| {
        let child = started(|| wait_to_be_killed(0));
        child.join()
    });
    let child = told(0);
    let start = Instant::now();
    kill_child(&parent);
    while alive(child) && start.elapsed() < PATIENCE {
        sleep(Duration::from_micros(200));
    }
    let what = match alive(child) {
        true => "the child is left behind",
        false => "the child ends",
    };
    Ok(Had {
        what: what.into(),
        after: start.elapsed(),
    })
}
