"""Who decodes what: measured as the best where it could be, and never more than memory allows."""

from __future__ import annotations

import pytest

from vlprep.video.crew import MEMORY_BYTES, Crew, Work, choose_crew

CORES = (1, 2, 4, 8, 16, 64)
SIZES = {"360p": 360 * 640, "1080p": 1080 * 1920, "4K": 2160 * 3840}
BEST = {
    # readers x threads of each decoder, by processors
    ("360p", 1): ("1x1", "1x2", "1x4", "1x8", "1x16", "1x16"),
    ("360p", 8): ("1x1", "2x1", "4x1", "8x1", "8x2", "8x8"),
    ("360p", 100): ("1x1", "2x1", "4x1", "8x1", "16x1", "16x4"),
    ("1080p", 1): ("1x1", "1x2", "1x4", "1x8", "1x16", "1x16"),
    ("1080p", 8): ("1x1", "2x1", "4x1", "8x1", "8x2", "8x2"),
    ("1080p", 100): ("1x1", "2x1", "4x1", "8x1", "8x2", "8x2"),
    ("4K", 1): ("1x1", "1x2", "1x4", "1x7", "1x7", "1x7"),  # memory is what binds
    ("4K", 8): ("1x1", "2x1", "2x2", "2x2", "2x2", "2x2"),
    ("4K", 100): ("1x1", "2x1", "2x2", "2x2", "2x2", "2x2"),
}


def crew(cores, costs, pixels=SIZES["1080p"], memory=MEMORY_BYTES, wanted=0, packets=0):
    work = Work(costs, wanted, pixels * 3 // 2, packets)
    chosen = choose_crew(work, cores=cores, memory=memory)
    return f"{chosen.readers}x{chosen.threads}" + "+1" * chosen.has_painter


@pytest.mark.parametrize(("size", "runs"), BEST)
def test_the_best_crew(size, runs):
    chosen = tuple(crew(cores, [250] * runs, SIZES[size]) for cores in CORES)
    assert chosen == BEST[size, runs]


@pytest.mark.parametrize(
    ("cores", "costs", "best"),
    [
        (2, [250, 50], "1x2"),  # a second reader would soon have nothing to do
        (2, [250, 250], "2x1"),
        (4, [250, 250, 100], "2x2"),
        (16, [250] * 7 + [50], "8x2"),
        (16, [9], "1x1"),  # so few frames are not worth a thread
        (16, [40], "1x5"),
    ],
)
def test_unequal_and_short_runs(cores, costs, best):
    assert crew(cores, costs) == best


@pytest.mark.parametrize(
    ("memory", "best"),
    [(0, "1x1"), (30_000_000, "1x1"), (60_000_000, "1x6"), (10**9, "16x1")],
)
def test_memory_is_the_limit(memory, best):
    assert crew(16, [250] * 100, memory=memory) == best


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("cores", CORES)
@pytest.mark.parametrize("runs", [1, 2, 3, 5, 17, 100])
def test_what_decoders_hold_is_within_the_limit(cores, runs, size):
    frame = SIZES[size] * 3 // 2
    chosen = choose_crew(Work([250] * runs, 0, frame), cores=cores, memory=MEMORY_BYTES)
    assert chosen.readers * chosen.threads <= cores
    assert chosen.readers * (6 + 2 * chosen.threads) * frame <= MEMORY_BYTES


def test_a_picture_of_unknown_size():
    assert choose_crew(Work([250], 0, 0), cores=2, memory=MEMORY_BYTES) == Crew(1, 2)


@pytest.mark.parametrize(
    ("cores", "fps", "best"),
    [(16, 1, "8x2"), (16, 5, "2x8"), (16, 30, "1x15+1"), (2, 1, "2x1"), (2, 30, "1x1+1")],
)
def test_readers_that_would_only_wait_for_room_are_not_hired(cores, fps, best):
    wanted = 8 * 250 * fps // 30 * 576 * 1056 * 3
    assert crew(cores, [250] * 8, wanted=wanted) == best


@pytest.mark.parametrize(
    ("cores", "fps", "best"),
    [(2, 1, "1x2"), (2, 2, "1x2"), (2, 3.75, "1x1+1"), (3, 30, "1x2+1"), (1, 30, "1x1")],
)
def test_who_paints_much_needs_a_processor_for_it(cores, fps, best):
    wanted = int(8 * fps) * 576 * 1056 * 3
    assert crew(cores, [240], wanted=wanted) == best


def test_an_index_of_hours_is_not_held_by_many():
    hour = 30 * 3600
    assert crew(16, [250] * 432, SIZES["360p"], packets=hour) == "16x1"
    assert crew(16, [250] * 4320, SIZES["360p"], packets=10 * hour) == "2x8"
    assert crew(16, [250] * 43200, SIZES["360p"], packets=100 * hour) == "1x1"


def test_room_grows_with_the_threads_and_has_an_end():
    rooms = [Crew(readers, 2).room(MEMORY_BYTES) for readers in (1, 2, 8, 16)]
    assert rooms == [47_000_000, 54_000_000, 96_000_000, 152_000_000]
    assert Crew(16, 16).room(MEMORY_BYTES) == MEMORY_BYTES
    assert Crew(4, 4).room(1_000) == 1_000
