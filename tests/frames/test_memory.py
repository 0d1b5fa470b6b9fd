"""An hour of video, one frame a second: memory stays small and flat."""

from __future__ import annotations

import subprocess
import sys

import av
import pytest

from tests.places import FIXTURES, REPO

HOUR = 3600

READ = """
import resource, sys
import vlprep.frames.stream, vlprep.video.decode, numpy, av
def now_mb():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 1e6
start, held = now_mb(), []
with vlprep.read_frames(sys.argv[1], fps=1, max_frames=4000, threads=int(sys.argv[2])) as frames:
    for number, frame in enumerate(frames):
        if number % 100 == 0:
            held.append(now_mb() - start)
print(number + 1, max(held), min(held[-10:]) - min(held[5:15]))
"""


def repeated(source, target, times):
    """Show a clip several times in a row, without encoding anything."""
    with av.open(str(target), "w") as output, av.open(str(source)) as clip:
        copy = output.add_stream_from_template(clip.streams.video[0])
        packets = [p for p in clip.demux(video=0) if p.size]
        length = clip.streams.video[0].duration
        for packet in packets:
            packet.stream = copy
        for _ in range(times):
            for packet in packets:
                output.mux(packet)
                packet.pts += length
                packet.dts += length


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize(("threads", "bar"), [(2, 150), (16, 300)])
def test_an_hour_is_read_in_little_memory(threads, bar, tmp_path):
    clip = tmp_path / "hour.mp4"
    repeated(FIXTURES / "clip.mp4", clip, HOUR // 2)
    ran = subprocess.run(
        [sys.executable, "-c", READ, str(clip), str(threads)],
        cwd=REPO,
        capture_output=True,
        text=True,
        check=True,
    )
    frames, most, growth = map(float, ran.stdout.split())
    assert frames == HOUR
    assert most < bar
    # What waits for its turn varies, and may take 96 MB with 16 threads; were the frames kept it
    # would be hundreds.
    assert growth < 110
