"""What the rows of `cpython.py` have in common."""

import multiprocessing as mp
import os
import signal
import time

MOMENT = 0.05
MIB = 1 << 20


def kind(action):
    """What an action gives: that it goes on, or the name of its error."""
    try:
        action()
    except OSError as error:
        return f"`{type(error).__name__}` ({error.strerror or error})"
    except BaseException as error:
        return f"`{type(error).__name__}`"
    return "goes on"


def after(fault, outcome):
    start = time.monotonic()
    fault()
    what = kind(outcome)
    return what, time.monotonic() - start


def nothing():
    pass


def kill(pid):
    os.kill(pid, signal.SIGKILL)


def kill_child(child):
    child.kill()
    child.join()


def started(target, *args):
    child = mp.Process(target=target, args=args)
    child.start()
    return child


board = mp.RawArray("i", 4)


def tell(place, number):
    board[place] = number


def told(place):
    while not board[place]:
        time.sleep(0.001)
    return board[place]


def wait_to_be_killed(place):
    tell(place, os.getpid())
    while True:
        signal.pause()
