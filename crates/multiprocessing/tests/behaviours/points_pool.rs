//! Under an explorer, the operations of a pool are points.

use multiprocessing::Pool;

use crate::harness::{Test, list};
use crate::points::{SHORT, has_points, listened};
use crate::pool_tasks::square;
use crate::tracer::operation;

pub(crate) const TESTS: &[Test] = list![pools_have_points];

pub(crate) const PROGRAMS: &[Test] = list![use_pools];

fn pools_have_points() {
    has_points("use_pools");
}

fn use_pools() {
    listened(|| {
        let pool = operation("Pool()", || Pool::new(2))?;
        operation("Pool.apply", || pool.apply(square, 2))?;
        operation("Pool.map", || pool.map(square, 0..9))?;
        let apply = || pool.apply_async(square, 2);
        let result = operation("Pool.apply_async", apply)?;
        operation("AsyncResult.wait", || result.wait())?;
        operation("AsyncResult.wait", || result.wait_timeout(SHORT))?;
        operation("AsyncResult.ready", || result.ready());
        operation("AsyncResult.successful", || result.successful())?;
        operation("AsyncResult.get", || result.get())?;
        operation("AsyncResult.get", || result.get_timeout(SHORT))?;
        let call = || result.callback(|_| ());
        let result = operation("AsyncResult.callback", call);
        let call = || result.error_callback(|_| ());
        operation("AsyncResult.error_callback", call);
        let map = || pool.map_in_chunks(square, 0..9, 2);
        operation("Pool.map", map)?;
        let map = || pool.map_async(square, 0..9);
        operation("Pool.map_async", map)?;
        let map = || pool.map_async_in_chunks(square, 0..9, 2);
        operation("Pool.map_async", map)?;
        let imap = || pool.imap(square, 0..2);
        let mut results = operation("Pool.imap", imap)?;
        operation("IMapIterator.next", || results.next());
        operation("IMapIterator.next", || results.next_timeout(SHORT));
        let imap = || pool.imap_in_chunks(square, 0..9, 2);
        operation("Pool.imap", imap).map(drop)?;
        let imap = || pool.imap_unordered(square, 0..9);
        operation("Pool.imap_unordered", imap).map(drop)?;
        let imap = || pool.imap_unordered_in_chunks(square, 0..9, 2);
        operation("Pool.imap_unordered", imap).map(drop)?;
        operation("Pool.worker_pids", || pool.worker_pids());
        operation("Pool.close", || pool.close());
        operation("Pool.join", || pool.join())?;
        operation("Pool.terminate", || drop(pool));
        Ok(())
    });
}
