from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, nullcontext

import pytest

from tests.leftovers import threads_since
from tests.places import REPO
from vlprep.video import workers as workers_module
from vlprep.video.workers import OWN_ROOM, in_order


def plain(worker):
    return lambda: nullcontext(worker)


def slowly(part):
    for k in range(part % 4):
        time.sleep(random.random() / 1000)
        yield part, k


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize("room", [1, 3, 100])
def test_results_come_in_the_order_of_their_parts(workers, room):
    parts = range(40)
    expected = [(part, k) for part in parts for k in range(part % 4)]
    assert list(in_order(parts, plain(slowly), workers=workers, room=room)) == expected


@pytest.mark.parametrize(("workers", "room"), [(1, 4), (3, 4), (4, 1)])
def test_no_more_than_the_room_waits_for_a_slow_consumer(workers, room):
    made, most = [], 0

    def work(part):
        for k in range(3):
            made.append((part, k))
            yield part, k

    for taken, _ in enumerate(in_order(range(30), plain(work), workers=workers, room=room)):
        time.sleep(0.001)
        most = max(most, len(made) - taken)
    # What a thread holds in its hand does not wait yet.
    assert most <= room + OWN_ROOM + workers + 1


def test_threads_work_ahead_of_their_turn_while_there_is_room():
    ahead = threading.Event()

    def work(part):
        if part == 0:  # whose results come first is done last
            assert ahead.wait(10), "nobody worked ahead"
        yield part
        if part == 2:
            ahead.set()

    assert list(in_order(range(3), plain(work), workers=2, room=2)) == [0, 1, 2]


def test_threads_work_ahead_however_much_was_taken_before():
    drained, ahead = threading.Event(), threading.Event()

    def work(part):
        if part == 0:
            yield from range(10)
            drained.set()
            assert ahead.wait(10), "nobody worked ahead"
        else:
            assert drained.wait(10)
        yield 10 + part
        if part == 1:
            ahead.set()

    assert list(in_order(range(2), plain(work), workers=2, room=2)) == list(range(12))


@pytest.mark.parametrize("room", [0, 3])
def test_as_many_results_wait_as_have_room(room):
    made = []

    def work(part):
        for k in range(20):
            made.append(k)
            yield k

    results = in_order([0], plain(work), workers=1, room=room)
    next(results)
    time.sleep(0.2)
    waiting = len(made) - 1
    results.close()
    assert waiting == max(room, OWN_ROOM) + 1  # and one is in the thread's hand


def test_closing_does_not_wait_for_results_that_nobody_takes():
    made = []

    def work(part):
        for k in range(100_000):
            made.append(k)
            yield k

    results = in_order([0], plain(work), workers=1, room=3)
    next(results)
    results.close()
    assert len(made) < 100


def test_closing_waits_for_a_thread_that_is_soon_done():
    begun = threading.Event()

    def work(part):
        if part == 1:
            begun.set()
            time.sleep(1.5)
        yield part

    with threads_since():
        results = in_order([0, 1], plain(work), workers=2, room=3)
        next(results)
        begun.wait(10)
        results.close()


def test_a_program_may_end_with_results_untaken():
    code = (
        "from contextlib import nullcontext\n"
        "from vlprep.video.workers import in_order\n"
        "results = in_order([0, 1], lambda: nullcontext(lambda _: iter(range(99))), "
        "workers=2, room=1)\n"
        "print(next(results), flush=True)\n"
        "import builtins; builtins.kept = results\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
        cwd=REPO,
    )
    assert ran.stdout == "0\n"


def test_an_error_comes_where_the_results_would():
    def work(part):
        yield part
        if part == 3:
            raise OSError("part 3")

    seen = []
    with pytest.raises(OSError, match="part 3"):
        for result in in_order(range(10), plain(work), workers=2, room=50):
            seen.append(result)
    assert seen == [0, 1, 2, 3]


def test_threads_that_cannot_begin_say_so():
    @contextmanager
    def fails():
        raise FileNotFoundError("gone")
        yield

    with threads_since(), pytest.raises(FileNotFoundError, match="gone"):
        list(in_order(range(5), fails, workers=3, room=5))


@pytest.mark.parametrize("taken", [0, 1, 7])
def test_closing_ends_the_threads_and_leaves_their_contexts(taken):
    left = []

    @contextmanager
    def hire():
        try:
            yield slowly
        finally:
            left.append(1)

    with threads_since():
        results = in_order(range(1000), hire, workers=3, room=4)
        for _ in range(taken):
            next(results)
        results.close()
    assert len(left) == (3 if taken else 0)  # nothing begins before the first is asked for


def test_later_parts_are_worked_on_before_their_turn():
    ahead = threading.Event()

    def work(part):
        if part == "late":
            yield ahead.wait(10)
        else:
            yield from range(2)
            ahead.set()

    assert list(in_order(["late", "early"], plain(work), workers=2, room=4)) == [True, 0, 1]


def test_a_thread_that_is_stuck_is_not_waited_for_without_end(monkeypatch):
    monkeypatch.setattr(workers_module, "LAST_WAIT_SECONDS", 0.2)
    stuck, left = threading.Event(), threading.Event()

    def work(part):
        yield part
        if part:
            stuck.wait(30)

    @contextmanager
    def hire():
        yield work
        left.set()

    results = in_order([0, 1, 2], hire, workers=2, room=9)
    assert next(results) == 0
    started = time.monotonic()
    results.close()
    assert time.monotonic() - started < 10
    stuck.set()
    assert left.wait(10)


def test_parts_without_results():
    assert list(in_order(range(9), plain(lambda part: iter(())), workers=2, room=1)) == []
    assert list(in_order([], plain(slowly), workers=2, room=1)) == []


def test_results_wait_by_their_sizes_and_one_that_is_too_large_comes_in_its_turn():
    made = []

    def work(part):
        for length in (1, 2, 90, 3):
            made.append((part, length))
            yield "x" * length

    results = in_order([0, 1], plain(work), workers=2, room=10, size=len)
    first = next(results)
    time.sleep(0.2)
    assert [length for part, length in made if part == 1] == [1, 2, 90]  # the last is in the hand
    assert [first, *results] == ["x" * length for length in (1, 2, 90, 3)] * 2


def test_a_worker_amid_one_long_result_is_told_to_stop():
    stopping, told = threading.Event(), []

    def work(part):
        yield part
        told.append(stopping.wait(60))  # a result that takes a minute
        yield part

    results = in_order("abc", lambda: nullcontext(work), workers=2, room=9, stopping=stopping)
    assert next(results) == "a"
    results.close()
    assert told
    assert all(told)
