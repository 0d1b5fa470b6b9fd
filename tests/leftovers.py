"""What a call leaves behind it: threads that go on, descriptors that stay open.

What went before the call is told apart by identity, not by number: a thread of another test
or of the runner may end meanwhile, and that is no leftover.
"""

import os
import threading
from contextlib import contextmanager


@contextmanager
def threads_since():
    """Give a function that names the threads begun since; at the end none may go on."""
    before = set(threading.enumerate())

    def since():
        return set(threading.enumerate()) - before

    yield since
    assert since() == set()


@contextmanager
def no_descriptor_left():
    """Check at the end that no descriptor is open that was not open before."""
    before = set(os.listdir("/proc/self/fd"))  # noqa: PTH208
    yield
    left = set(os.listdir("/proc/self/fd")) - before  # noqa: PTH208
    assert left == set()
