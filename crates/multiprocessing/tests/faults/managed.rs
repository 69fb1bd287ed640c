//! Those who are killed while they hold something of a manager, or wait for it.

use multiprocessing::{Manager, Result};

use crate::row::{Had, Row, row};
use crate::sync::{owner_killed, party_killed, waiter_killed};

pub(crate) const ROWS: &[Row] = &[
    row!(
        manager_lock_owner_killed,
        "its owner is killed",
        "`Manager().Lock`",
        "Three clients wait for the lock of a manager when its owner gets \
         SIGKILL; timed until all of them have had it."
    ),
    row!(
        manager_condition_waiter_killed,
        "a waiter is killed",
        "`Manager().Condition`",
        "One of three clients that wait is killed; then all are notified, and \
         the two others have to wake."
    ),
    row!(
        manager_barrier_party_killed,
        "a party is killed",
        "`Manager().Barrier`",
        "Two of three parties wait, and one of them is killed; the other one \
         would wait for it."
    ),
];

fn manager_lock_owner_killed() -> Result<Had> {
    let manager = Manager::new()?;
    let lock = manager.lock()?;
    owner_killed(|| lock.acquire(), || lock.release())
}

fn manager_condition_waiter_killed() -> Result<Had> {
    let manager = Manager::new()?;
    let condition = manager.condition()?;
    waiter_killed(
        |there| {
            let _guard = condition.guard()?;
            there();
            condition.wait()
        },
        || {
            let _guard = condition.guard()?;
            condition.notify_all()
        },
    )
}

fn manager_barrier_party_killed() -> Result<Had> {
    let manager = Manager::new()?;
    let barrier = manager.barrier(3)?;
    party_killed(|| barrier.wait())
}
