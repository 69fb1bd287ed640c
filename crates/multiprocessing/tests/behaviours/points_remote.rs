//! Under an explorer, also what concerns other programs and one's own types
//! begins with a point.

use multiprocessing::{Manager, QueueProxy, RemoteManager};

use crate::connection::tcp;
use crate::harness::{Test, list};
use crate::manager_remote::{KEY, address};
use crate::points::{has_points, listened};
use crate::tracer::operation;

pub(crate) const TESTS: &[Test] =
    list![addresses_of_a_manager_have_points, objects_have_points];

pub(crate) const PROGRAMS: &[Test] = list![use_an_address, use_an_object];

fn addresses_of_a_manager_have_points() {
    has_points("use_an_address");
}

fn use_an_address() {
    listened(|| {
        let builder = Manager::builder().address(tcp()).authkey(KEY);
        let manager = operation("Manager()", || builder.build())?;
        let queue = operation("Manager.Queue", || manager.queue::<u8>(0))?;
        operation("Manager.register", || manager.publish("queue", &queue))?;
        let address = address(&manager);
        let remote = operation("Manager.connect", || {
            RemoteManager::connect(address, KEY)
        })?;
        let queue: QueueProxy<u8> =
            operation("Manager.get", || remote.queue("queue"))?;
        operation("Queue.put", || queue.put(1))?;
        operation("Manager.shutdown", || manager.shutdown())?;
        operation("Manager.join", || manager.join())?;
        operation("Manager.shutdown", || drop(manager));
        Ok(())
    });
}

fn objects_have_points() {
    has_points("use_an_object");
}

fn use_an_object() {
    listened(|| {
        let builder = Manager::builder().initializer(|| ());
        let manager = operation("Manager()", || builder.build())?;
        let object =
            operation("Manager.object", || manager.object(|n: u8| n, 1))?;
        operation("object.call", || object.call(|n, more| *n += more, 2_u8))?;
        operation("Manager.shutdown", || drop(manager));
        Ok(())
    });
}
