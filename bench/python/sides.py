"""CPython's side of each item: `sides.py NAME [X]` prints what one operation
costs, in nanoseconds (bytes for memory, a ratio for the countdown)."""

import asyncio
import multiprocessing as mp
import os
import queue
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

LONG_ENOUGH = 0.08
TASKS = 100_000


def cost(run):
    """Nanoseconds of one operation; `run(n)` does n and tells the seconds."""
    count = 1
    while True:
        took = run(count)
        if took >= LONG_ENOUGH:
            return took / count * 1e9
        factor = int(LONG_ENOUGH * 1.2 / max(took, 1e-9)) + 1
        count *= min(factor, 20)


def each(operation):
    def run(count):
        start = time.perf_counter()
        for _ in range(count):
            operation()
        return time.perf_counter() - start
    return cost(run)


def paused(operation):
    """The median of single operations, each after a pause."""
    all_ = []
    for _ in range(100):
        time.sleep(0.002)
        start = time.perf_counter()
        operation()
        all_.append(time.perf_counter() - start)
    return sorted(all_)[len(all_) // 2] * 1e9


def nothing():
    pass


def square(n):
    return n * n


# Processes and threads

def process_start():
    def once():
        child = mp.Process(target=nothing)
        child.start()
        child.join()
    return each(once)


def thread_start():
    def once():
        thread = threading.Thread(target=nothing)
        thread.start()
        thread.join()
    return each(once)


def processes(parties):
    def once():
        children = [mp.Process(target=nothing) for _ in range(parties)]
        for child in children:
            child.start()
        for child in children:
            child.join()
    return each(once) / parties


# Pipes

def echo(connection):
    try:
        while True:
            connection.send_bytes(connection.recv_bytes())
    except EOFError:
        pass


def pipe_sizes(size):
    here, there = mp.Pipe()
    mp.Process(target=echo, args=(there,), daemon=True).start()
    message = b"7" * size

    def once():
        here.send_bytes(message)
        here.recv_bytes()
    return each(once)


def pipe_8():
    return pipe_sizes(8)


def pipe_1m():
    return pipe_sizes(1 << 20)


def pipe_8_asleep():
    here, there = mp.Pipe()
    mp.Process(target=echo, args=(there,), daemon=True).start()

    def once():
        here.send_bytes(b"7" * 8)
        here.recv_bytes()
    return paused(once)


# Queues

def stream(producers, consumers, item):
    def run(count):
        q = mp.Queue()
        ready, go = mp.Semaphore(0), mp.Semaphore(0)
        share = -(-count // producers)

        def produce():
            ready.release()
            go.acquire()
            for _ in range(share):
                q.put(item)

        def consume():
            ready.release()
            go.acquire()
            while q.get() is not None:
                pass
        makers = [mp.Process(target=produce) for _ in range(producers)]
        takers = [mp.Process(target=consume) for _ in range(consumers)]
        for child in makers + takers:
            child.start()
        for _ in makers + takers:
            ready.acquire()
        start = time.perf_counter()
        for _ in makers + takers:
            go.release()
        for child in makers:
            child.join()
        for _ in takers:
            q.put(None)
        for child in takers:
            child.join()
        took = time.perf_counter() - start
        return took * count / (share * producers)
    return cost(run)


def queue_8_1_1():
    return stream(1, 1, 7)


def queue_8_2_2():
    return stream(2, 2, 7)


def queue_1k_1_1():
    return stream(1, 1, b"7" * 1024)


def queue_parties(parties):
    return stream(parties, 1, 7)


def queue_sizes(size):
    return stream(1, 1, b"7" * size)


def thread_queue():
    def run(count):
        q = queue.Queue(1)

        def consume():
            while q.get() is not None:
                pass
        consumer = threading.Thread(target=consume)
        consumer.start()
        start = time.perf_counter()
        for number in range(count):
            q.put(number)
        q.put(None)
        consumer.join()
        return time.perf_counter() - start
    return cost(run)


# Locks and values

def pass_through(lock):
    def once():
        lock.acquire()
        lock.release()
    return once


def at_once(parties, operation):
    """Wall time of what processes do at once, by the operations of all."""
    def run(count):
        ready, go = mp.Semaphore(0), mp.Semaphore(0)
        share = -(-count // parties)

        def work():
            operation()
            ready.release()
            go.acquire()
            for _ in range(share):
                operation()
        children = [mp.Process(target=work) for _ in range(parties)]
        for child in children:
            child.start()
        for _ in children:
            ready.acquire()
        start = time.perf_counter()
        for _ in children:
            go.release()
        for child in children:
            child.join()
        took = time.perf_counter() - start
        return took * count / (share * parties)
    return cost(run)


def both(operation):
    return at_once(2, operation)


def lock_alone():
    return each(pass_through(mp.Lock()))


def lock_two():
    return both(pass_through(mp.Lock()))


def semaphore_alone():
    return each(pass_through(mp.Semaphore(1)))


def semaphore_two():
    return both(pass_through(mp.Semaphore(1)))


def add_one(value):
    def once():
        with value.get_lock():
            value.value += 1
    return once


def value_alone():
    return each(add_one(mp.Value("q", 0)))


def value_two():
    return both(add_one(mp.Value("q", 0)))


# A tenth of ours: the cost is that of an element, and long enough.
LENGTH = 1_000_000


def array_each():
    array = mp.Array("i", LENGTH)
    start = time.perf_counter()
    for i in range(LENGTH):
        array[i] = -array[i]
    return (time.perf_counter() - start) / LENGTH * 1e9


def array_guard():
    array = mp.Array("i", LENGTH)
    start = time.perf_counter()
    with array.get_lock():
        raw = array.get_obj()
        for i in range(LENGTH):
            raw[i] = -raw[i]
    return (time.perf_counter() - start) / LENGTH * 1e9


# Pools

def pool_map():
    with mp.Pool(2) as pool:
        return each(lambda: pool.map(square, range(TASKS))) / TASKS


def pool_parties(parties):
    with mp.Pool(parties) as pool:
        def once():
            pool.map(square, range(TASKS // 10), chunksize=1)
        return each(once) / (TASKS // 10)


def pool_map_1():
    return pool_parties(2)


def pool_apply():
    with mp.Pool(2) as pool:
        return each(lambda: pool.apply(square, (7,)))


def pool_apply_asleep():
    with mp.Pool(2) as pool:
        return paused(lambda: pool.apply(square, (7,)))


# Managers

def manager_dict():
    with mp.Manager() as manager:
        d = manager.dict()

        def once():
            d[7] = 49
            d.get(7)
        return each(once) / 2


def manager_dict_asleep():
    with mp.Manager() as manager:
        d = manager.dict({7: 49})
        return paused(lambda: d.get(7))


def manager_queue():
    with mp.Manager() as manager:
        q = manager.Queue()

        def once():
            q.put(7)
            q.get()
        return each(once) / 2


def manager_parties(parties):
    with mp.Manager() as manager:
        d = manager.dict({7: 49})
        return at_once(parties, lambda: d.get(7))


def manager_sizes(size):
    with mp.Manager() as manager:
        d = manager.dict()
        item = b"7" * size

        def once():
            d[7] = item
        return each(once)


# Executors and threads

def executor_all():
    with ThreadPoolExecutor(2) as executor:
        def run(count):
            start = time.perf_counter()
            futures = [executor.submit(square, 7) for _ in range(count)]
            for future in futures:
                future.result()
            return time.perf_counter() - start
        return cost(run)


def executor_each():
    with ThreadPoolExecutor(2) as executor:
        return each(lambda: executor.submit(square, 7).result())


def count_down(n):
    while n > 0:
        n -= 1


def countdown():
    count = 10_000_000
    start = time.perf_counter()
    count_down(count)
    one = time.perf_counter() - start
    threads = [threading.Thread(target=count_down, args=(count // 2,))
               for _ in range(2)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return one / (time.perf_counter() - start)


# Tasks of one thread

def asyncio_switch():
    async def work():
        for _ in range(5):
            await asyncio.sleep(0)

    async def main():
        tasks = [asyncio.create_task(work()) for _ in range(TASKS)]
        for task in tasks:
            await task
    start = time.perf_counter()
    asyncio.run(main())
    return (time.perf_counter() - start) / (TASKS * 5) * 1e9


def gevent_switch():
    import gevent

    def work():
        for _ in range(100_000):
            gevent.sleep(0)
    start = time.perf_counter()
    gevent.joinall([gevent.spawn(work) for _ in range(3)])
    return (time.perf_counter() - start) / 300_000 * 1e9


def numbers():
    n = 0
    while True:
        yield n
        n += 1


def generator_next():
    return each(numbers().__next__)


def generator_send():
    generator = numbers()
    next(generator)
    send = generator.send
    return each(lambda: send(7))


# Memory

def share(pid):
    with open(f"/proc/{pid}/smaps_rollup") as file:
        for line in file:
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    raise LookupError("no Pss")


def memory_child():
    ready, end = mp.Semaphore(0), mp.Semaphore(0)

    def sleep():
        ready.release()
        end.acquire()
    children = [mp.Process(target=sleep) for _ in range(16)]
    for child in children:
        child.start()
        ready.acquire()
    cost_ = sum(share(child.pid) for child in children) / len(children)
    for _ in children:
        end.release()
    for child in children:
        child.join()
    return cost_


def memory_task():
    async def main():
        before = share(os.getpid())
        tasks = [asyncio.create_task(asyncio.sleep(100))
                 for _ in range(TASKS)]
        await asyncio.sleep(0.01)
        after = share(os.getpid())
        for task in tasks:
            task.cancel()
        return (after - before) / TASKS
    return asyncio.run(main())


if __name__ == "__main__":
    name, *numbers_ = sys.argv[1:]
    print(globals()[name](*map(int, numbers_)))
