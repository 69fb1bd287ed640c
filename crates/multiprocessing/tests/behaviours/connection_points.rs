//! Under an explorer, also what leads to a connection begins with a point.

use std::time::Duration;

use multiprocessing::Pipe;
use multiprocessing::connection::{Client, Listener, wait, wait_timeout};

use crate::connection::tcp;
use crate::harness::{Test, list};
use crate::points::{has_points, listened};
use crate::support::started;
use crate::tracer::operation;

pub(crate) const TESTS: &[Test] =
    list![waits_have_points, listeners_have_points];

pub(crate) const PROGRAMS: &[Test] = list![wait_for_readers, use_listeners];

fn waits_have_points() {
    has_points("wait_for_readers");
}

fn wait_for_readers() {
    listened(|| {
        let (reader, writer) = Pipe::one_way()?;
        drop(writer);
        operation("wait", || wait(&[&reader]))?;
        operation("wait", || wait_timeout(&[&reader], Duration::ZERO))?;
        Ok(())
    });
}

fn listeners_have_points() {
    has_points("use_listeners");
}

fn use_listeners() {
    listened(|| {
        operation("Listener()", Listener::new)?.close();
        let listener = operation("Listener()", || Listener::bind(tcp()))?;
        let client = Client::new(listener.address());
        let child = started(|| client.connect().map(drop));
        println!("Process.start");
        operation("Listener.accept", || listener.accept())?;
        operation("Process.join", || child.join())?;
        let hasty = client.clone().with_limit(Duration::ZERO);
        operation("Client()", || hasty.connect()).ok();
        Ok(())
    });
}
