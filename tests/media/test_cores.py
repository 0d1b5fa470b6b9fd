from __future__ import annotations

import os

import pytest

from vlprep.media import cores


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine of eight processors, whose control groups are files of our own."""

    def make(groups, limits, may_use=8):
        (tmp_path / "cgroup").write_text(groups)
        for name, text in limits.items():
            file = tmp_path / "tree" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        monkeypatch.setattr(cores, "_GROUPS", tmp_path / "cgroup")
        monkeypatch.setattr(cores, "_CONTROLS", tmp_path / "tree")
        monkeypatch.setattr(os, "cpu_count", lambda: 8)
        if may_use is None:
            monkeypatch.delattr(os, "sched_getaffinity", raising=False)
        else:
            monkeypatch.setattr(
                os, "sched_getaffinity", lambda _: set(range(may_use)), raising=False
            )
        return cores.usable_cores()

    return make


V1 = "4:cpu,cpuacct:/pod/box\n3:memory:/pod/box\n"
V1_NONE, V1_TWO = "cpu/pod/box/cpu.cfs_quota_us", "cpu/cpu.cfs_quota_us"


@pytest.mark.parametrize(
    ("groups", "limits", "expected"),
    [
        ("", {}, 8),
        ("0::/\n", {"cpu.max": "max 100000\n"}, 8),
        ("0::/\n", {"cpu.max": "300000 100000\n"}, 3),
        ("0::/\n", {"cpu.max": "150000 100000\n"}, 2),  # half a processor is worth a thread
        ("0::/\n", {"cpu.max": "20000 100000\n"}, 1),
        ("0::/\n", {"cpu.max": "3200000 100000\n"}, 8),
        ("0::/pod/box\n", {"pod/box/cpu.max": "max 100000\n", "pod/cpu.max": "200000 100000\n"}, 2),
        ("0::/pod/box\n", {"cpu.max": "200000 100000\n"}, 2),  # its own folder is out of sight
        ("0::/../../box\n", {"cpu.max": "200000 100000\n"}, 2),
        (V1, {V1_NONE: "-1\n", "cpu/pod/box/cpu.cfs_period_us": "100000\n"}, 8),
        (V1, {V1_NONE: "400000\n", "cpu/pod/box/cpu.cfs_period_us": "100000\n"}, 4),
        (V1, {V1_TWO: "50000\n", "cpu/cpu.cfs_period_us": "25000\n"}, 2),
        (V1, {V1_TWO: "50000\n", "cpu/cpu.cfs_period_us": "0\n"}, 8),
        ("3:memory:/\n", {V1_TWO: "50000\n", "cpu/cpu.cfs_period_us": "25000\n"}, 8),
    ],
)
def test_a_container_s_share_of_time_is_the_limit(groups, limits, expected, machine):
    assert machine(groups, limits) == expected


def test_what_the_process_may_run_on_is_the_limit(machine):
    assert machine("0::/\n", {"cpu.max": "600000 100000\n"}, may_use=3) == 3


def test_where_nothing_is_told_it_is_the_machine(machine, monkeypatch):
    assert machine("", {}, may_use=None) == 8
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert cores.usable_cores() == 1
