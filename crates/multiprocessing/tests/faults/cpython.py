"""The rows of the table, with CPython's multiprocessing.

`python3 cpython.py ROW` makes a fault and tells, in a line, what the survivors
had of it and after how many microseconds. Who starts it ends it, with its
group, if it does not come back.
"""

import ctypes
import multiprocessing as mp
import os
import queue
import resource
import sys
import time

from cpython_support import (
    MIB,
    MOMENT,
    after,
    kill,
    kill_child,
    kind,
    nothing,
    started,
    tell,
    told,
    wait_to_be_killed,
)

# The pool.


def halve(number):
    if number == 0:
        wait_to_be_killed(0)
    return number // 2


def worker_killed_in_apply():
    pool = mp.Pool(2)
    lost = pool.apply_async(halve, (0,))
    worker = told(0)
    return after(lambda: kill(worker), lost.get)


def worker_killed_in_map():
    pool = mp.Pool(2)
    lost = pool.map_async(halve, range(8))
    worker = told(0)
    return after(lambda: kill(worker), lost.get)


def idle(processes):
    pool = mp.Pool(processes)
    pool.map(halve, range(1, 9))
    time.sleep(MOMENT)
    worker = mp.active_children()[0].pid
    return after(lambda: kill(worker), lambda: pool.map(halve, range(1, 9)))


def idle_worker_killed():
    return idle(2)


def only_worker_killed():
    return idle(1)


def exits(code):
    os._exit(code)


def aborts(_):
    os.abort()


def deep(depth):
    return 1 + deep(depth + 1)


def task(function, argument):
    pool = mp.Pool(2)
    return after(nothing, lambda: pool.apply(function, (argument,)))


def task_exits():
    return task(exits, 3)


def task_aborts():
    return task(aborts, None)


def task_overflows():
    return task(deep, 0)


def fails(_=None):
    raise ValueError("by intent")


def callback_fails():
    pool = mp.Pool(2)
    first = pool.apply_async(halve, (2,), callback=fails)
    return after(lambda: first.wait(0.2), lambda: pool.apply(halve, (4,)))


def initializer_fails():
    pool = mp.Pool(2, initializer=fails)
    return after(nothing, lambda: pool.apply(halve, (2,)))


# Those who hold something, or wait.


def own(lock):
    lock.acquire()
    wait_to_be_killed(0)


def take_and_tell(lock, results):
    what = kind(lock.acquire)
    lock.release()
    results.put(what)


def from_all(results, survivors):
    for _ in range(survivors):
        results.get()


def lock_owner_killed():
    return owner_killed(mp.Lock())


def owner_killed(lock):
    results = mp.SimpleQueue()
    owner = started(own, lock)
    told(0)
    for _ in range(3):
        started(take_and_tell, lock, results)
    time.sleep(MOMENT)
    return after(lambda: kill_child(owner), lambda: from_all(results, 3))


def semaphore_holder_killed():
    semaphore = mp.Semaphore(1)
    holder = started(own, semaphore)
    told(0)
    _, time = after(
        lambda: kill_child(holder), lambda: semaphore.acquire(timeout=0.1)
    )
    return "not acquired, at the limit", time


def wait_for(condition, place, results):
    with condition:
        tell(place, 1)
        what = kind(condition.wait)
    results.put(what)


def wait_at(it, place, results):
    tell(place, 1)
    results.put(kind(it.wait))


def waiting(number, target, it):
    """So many children that wait, and where they tell what they had of it."""
    results = mp.SimpleQueue()
    children = [started(target, it, place, results) for place in range(number)]
    for place in range(number):
        told(place)
    time.sleep(MOMENT)
    return children, results


def condition_waiter_killed():
    return waiter_killed(mp.Condition())


def waiter_killed(condition):
    waiters, results = waiting(3, wait_for, condition)
    kill_child(waiters[0])

    def notify():
        with condition:
            condition.notify_all()

    return after(notify, lambda: from_all(results, 2))


def event_waiter_killed():
    event = mp.Event()
    waiters, results = waiting(2, wait_at, event)
    kill_child(waiters[0])
    return after(event.set, lambda: from_all(results, 1))


def barrier_party_killed():
    return party_killed(mp.Barrier(3))


def party_killed(barrier):
    parties, results = waiting(2, wait_at, barrier)
    return after(lambda: kill_child(parties[0]), lambda: from_all(results, 1))


# Those who send or receive.


def put_without_end(items):
    tell(0, 1)
    while True:
        items.put(b"1" * MIB)


def drain(items):
    try:
        while True:
            items.get(timeout=0.1)
    except queue.Empty:
        pass


def producer_killed_in_put():
    items = mp.Queue(4)
    producer = started(put_without_end, items)
    told(0)
    for _ in range(20):
        items.get()

    def outcome():
        drain(items)
        items.put(b"2")
        items.get()

    return after(lambda: kill_child(producer), outcome)


def get_one(items):
    tell(0, 1)
    items.get()


def consumer_killed_in_get():
    items = mp.Queue()
    consumer = started(get_one, items)
    told(0)
    time.sleep(MOMENT)

    def outcome():
        items.put(2)
        items.get()

    return after(lambda: kill_child(consumer), outcome)


def send_much(reader, writer):
    reader.close()
    tell(0, 1)
    writer.send_bytes(b"1" * (16 * MIB))


def sender_killed_in_a_message():
    reader, writer = mp.Pipe(False)
    sender = started(send_much, reader, writer)
    writer.close()
    told(0)
    time.sleep(MOMENT)
    return after(lambda: kill_child(sender), reader.recv_bytes)


def kill_later(pid, start):
    time.sleep(MOMENT)
    tell(0, int((time.monotonic() - start) * 1e6))
    kill(pid)


def manager_killed_in_a_call():
    manager = mp.Manager()
    items = manager.Queue(1)
    start = time.monotonic()
    started(kill_later, manager._process.pid, start)
    what = kind(items.get)
    return what, time.monotonic() - start - told(0) / 1e6


def manager_killed_before_a_call():
    manager = mp.Manager()
    shared = manager.dict()
    shared[1] = 2
    kill(manager._process.pid)
    time.sleep(MOMENT)
    return after(nothing, lambda: shared[1])


def manager_lock_owner_killed():
    manager = mp.Manager()
    return owner_killed(manager.Lock())


def manager_condition_waiter_killed():
    manager = mp.Manager()
    return waiter_killed(manager.Condition())


def manager_barrier_party_killed():
    manager = mp.Manager()
    return party_killed(manager.Barrier(3))


# Parents and children.


def have_a_child():
    started(wait_to_be_killed, 0).join()


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return ") Z " not in stat.read()
    except FileNotFoundError:
        return False


def parent_killed():
    parent = started(have_a_child)
    child = told(0)
    start = time.monotonic()
    kill_child(parent)
    while alive(child) and time.monotonic() - start < 0.5:
        time.sleep(0.0002)
    what = "the child is left behind" if alive(child) else "the child ends"
    return what, time.monotonic() - start


# What there is too little of.


def small_shm():
    """A /dev/shm of one MiB, for this process and its children."""
    libc = ctypes.CDLL(None, use_errno=True)
    new_ns, new_user, private = 0x20000, 0x10000000, 0x44000
    user, group = os.getuid(), os.getgid()
    if libc.unshare(new_ns) != 0:
        assert libc.unshare(new_ns | new_user) == 0
        for name, text in [
            ("setgroups", "deny"),
            ("uid_map", f"0 {user} 1"),
            ("gid_map", f"0 {group} 1"),
        ]:
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
    assert libc.mount(None, b"/", None, private, None) == 0
    assert libc.mount(None, b"/dev/shm", b"tmpfs", 0, b"size=1m") == 0


def lock_without_memory():
    small_shm()
    with open("/dev/shm/filler", "wb") as filler:
        os.posix_fallocate(filler.fileno(), 0, MIB)
    return after(nothing, mp.Lock)


def array_without_memory():
    small_shm()
    return after(nothing, lambda: mp.Array("b", 2 * MIB))


def queue_without_memory():
    small_shm()
    items = mp.Queue()
    return after(nothing, lambda: items.put(b"1" * (2 * MIB)))


def limited(which, limit):
    resource.setrlimit(which, (limit, resource.getrlimit(which)[1]))


def process_without_processes():
    # What is imported on the way has to be there before.
    started(nothing).join()
    if os.getuid() == 0:
        os.setuid(2_200_000_000 + os.getpid() % 1_000_000)
    limited(resource.RLIMIT_NPROC, 1)
    return after(nothing, mp.Process(target=nothing).start)


def next_descriptor():
    number = os.open("/dev/null", os.O_RDONLY)
    os.close(number)
    return number


def process_without_descriptors():
    limited(resource.RLIMIT_NOFILE, next_descriptor())
    return after(nothing, mp.Process(target=nothing).start)


def pool_without_descriptors():
    limited(resource.RLIMIT_NOFILE, next_descriptor() + 8)
    return after(nothing, lambda: mp.Pool(4))


if __name__ == "__main__":
    mp.set_start_method("fork")
    what, seconds = globals()[sys.argv[1]]()
    print(f"had\t{what}\t{int(seconds * 1e6)}", flush=True)
    # Whoever is left ends with the group.
    os._exit(0)
