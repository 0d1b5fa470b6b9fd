from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.injected import watching
from vlprep.output import private
from vlprep.output.private import unfinished
from vlprep.output.target import check_not_source, new_file, new_file_at, new_folder


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_whole_when_the_block_ends(tmp_path):
    target = tmp_path / "a.txt"
    with new_file(target) as file:
        file.write(b"half")
        file.flush()
        assert not target.exists()
        file.write(b" and half")
    assert target.read_bytes() == b"half and half"
    assert names(tmp_path) == ["a.txt"]


def test_an_error_leaves_nothing_and_an_earlier_file_as_it_was(tmp_path):
    target = tmp_path / "a.txt"
    target.write_bytes(b"earlier")
    with pytest.raises(RuntimeError), new_file(target, overwrite=True) as file:
        file.write(b"half")
        raise RuntimeError
    assert target.read_bytes() == b"earlier"
    assert names(tmp_path) == ["a.txt"]


def test_nothing_is_overwritten_unasked(tmp_path):
    target = tmp_path / "a.txt"
    target.write_bytes(b"earlier")
    with pytest.raises(FileExistsError, match="`overwrite=True` overwrites it"), new_file(target):
        pass
    with new_file(target, overwrite=True) as file:
        file.write(b"later")
    assert target.read_bytes() == b"later"


def test_a_file_that_comes_into_being_meanwhile_is_not_overwritten_either(tmp_path):
    target = tmp_path / "a.txt"
    with pytest.raises(FileExistsError), new_file(target) as file:
        file.write(b"mine")
        target.write_bytes(b"another's")
    assert target.read_bytes() == b"another's"
    assert names(tmp_path) == ["a.txt"]


def test_a_file_has_the_mode_of_any_new_file(tmp_path):
    with new_file(tmp_path / "a"):
        pass
    (tmp_path / "b").write_bytes(b"")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode


@pytest.mark.parametrize("name", ["no/such/folder/a.txt", "file/a.txt"])
def test_a_folder_that_is_not_there_is_named(tmp_path, name):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(FileNotFoundError) as caught, new_file(tmp_path / name):
        pass
    assert caught.value.filename == str((tmp_path / name).parent)


def test_a_full_disk_is_an_error_that_names_the_target(tmp_path):
    script = (
        "import resource, signal, sys\n"
        "from vlprep.output.target import new_file\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n"
        "    with new_file(sys.argv[1]) as file: file.write(bytes(5000))\n"
        "except OSError as error: print(error.filename)\n"
    )
    target = tmp_path / "a.bin"
    ran = subprocess.run(
        [sys.executable, "-c", script, str(target)], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == str(target)
    assert names(tmp_path) == []


def test_a_folder_appears_when_the_block_ends(tmp_path):
    target = tmp_path / "frames"
    with new_folder(target) as partial:
        (partial / "a").write_bytes(b"1")
        assert not target.exists()
    assert names(tmp_path) == ["frames"]
    assert names(target) == ["a"]


def test_an_error_leaves_no_folder(tmp_path):
    with pytest.raises(KeyboardInterrupt), new_folder(tmp_path / "frames") as partial:
        (partial / "a").write_bytes(b"1")
        raise KeyboardInterrupt
    assert names(tmp_path) == []


def test_an_empty_folder_is_filled_and_a_full_one_refused(tmp_path):
    target = tmp_path / "frames"
    target.mkdir()
    with new_folder(target) as partial:
        (partial / "a").write_bytes(b"1")
    with pytest.raises(FileExistsError, match="not empty"), new_folder(target):
        pass
    (target / "other").write_bytes(b"mine")
    with new_folder(target, overwrite=True) as partial:
        (partial / "a").write_bytes(b"2")
    assert (target / "a").read_bytes() == b"2"
    assert names(target) == ["a", "other"]


def test_a_file_in_the_place_of_a_folder_and_the_other_way_round(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "folder").mkdir()
    with pytest.raises(NotADirectoryError, match="name a folder"), new_folder(tmp_path / "file"):
        pass
    with pytest.raises(FileExistsError, match="name a file"), new_file(tmp_path / "folder"):
        pass


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() if path.is_file() else b"" for path in folder.iterdir()}


def replace_earlier(target: Path) -> None:
    """Put a, c and the list in the place of a, b and the list."""
    with new_folder(
        target, overwrite=True, index="list", outdated=lambda folder: ["a", "b", "no such file"]
    ) as partial:
        for name in ("a", "c", "list"):
            (partial / name).write_bytes(b"new")


EARLIER = {"a": b"old", "b": b"old", "list": b"old", "other": b"mine"}
LATER = {"a": b"new", "c": b"new", "list": b"new", "other": b"mine"}


@pytest.fixture
def earlier(tmp_path):
    target = tmp_path / "frames"
    target.mkdir()
    for name, content in EARLIER.items():
        (target / name).write_bytes(content)
    return target


def test_what_is_outdated_goes_and_what_is_another_s_stays(earlier):
    replace_earlier(earlier)
    assert contents(earlier) == LATER
    assert names(earlier.parent) == ["frames"]


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), KeyboardInterrupt()])
@pytest.mark.parametrize("has_links", [True, False])
def test_a_failure_at_any_step_leaves_all_as_it_was(error, has_links, earlier, monkeypatch):
    def fail_at(turn: int) -> bool:
        """Let the step of that number fail, and say whether there was one."""
        steps = iter(range(1000))

        def counted(step):
            def act(*arguments, **options):
                if next(steps) == turn:
                    raise error
                return step(*arguments, **options)

            return act

        with monkeypatch.context() as patched:
            for name in ("rename", "replace", "link", "mkdir", "fsync"):
                patched.setattr(os, name, counted(getattr(os, name)))
            if not has_links:
                patched.setattr(os, "link", no_links)
            try:
                replace_earlier(earlier)
            except type(error):
                return True
        return False

    def no_links(*_):
        raise PermissionError(1, "Operation not permitted")

    seen = 0
    while fail_at(seen):
        state = contents(earlier)
        assert state in (EARLIER, LATER)
        assert names(earlier.parent) == ["frames"]
        if state == LATER:  # only the last look at the disk failed
            break
        seen += 1
    assert seen > 6
    assert contents(earlier) == LATER


def test_a_list_is_never_there_beside_files_that_it_does_not_list(earlier, monkeypatch):
    states = []

    def seen(step):
        def act(*arguments, **options):
            states.append({name for name in names(earlier) if not name.endswith(".part")})
            return step(*arguments, **options)

        return act

    for name in ("rename", "replace", "link"):
        monkeypatch.setattr(os, name, seen(getattr(os, name)))
    replace_earlier(earlier)
    with_list = [state for state in states if "list" in state]
    assert all(state in (set(EARLIER), set(LATER)) for state in with_list)
    assert len(with_list) < len(states)


def test_a_folder_in_the_way_of_a_file_is_said_before_anything_is_moved(earlier):
    (earlier / "c").mkdir()
    with pytest.raises(FileExistsError, match="a folder in the way") as caught:
        replace_earlier(earlier)
    assert caught.value.filename == str(earlier / "c")
    assert contents(earlier) == {**EARLIER, "c": b""}


def test_a_file_that_another_puts_there_meanwhile_is_not_overwritten(tmp_path):
    (tmp_path / "frames").mkdir()
    with (
        pytest.raises(FileExistsError, match="not empty"),
        new_folder(tmp_path / "frames") as partial,
    ):
        (partial / "a").write_bytes(b"mine")
        (tmp_path / "frames" / "b").write_bytes(b"another's")
    assert contents(tmp_path / "frames") == {"b": b"another's"}


def test_the_folder_that_one_stands_in_can_be_filled(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with new_folder(".") as partial:
        (partial / "a").write_bytes(b"1")
    assert names(tmp_path) == ["a"]


def test_a_link_to_a_folder_stays_a_link(tmp_path):
    (tmp_path / "actual").mkdir()
    (tmp_path / "link").symlink_to("actual")
    with new_folder(tmp_path / "link") as partial:
        (partial / "a").write_bytes(b"1")
    assert (tmp_path / "link").is_symlink()
    assert names(tmp_path / "actual") == ["a"]


def test_a_new_folder_takes_one_rename_and_no_file_of_it_a_sync(tmp_path, monkeypatch):
    calls = []
    for name in ("rename", "replace", "link", "fsync"):
        act = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *a, n=name, act=act: (calls.append(n), act(*a))[1])
    with new_folder(tmp_path / "frames", index="list") as partial:
        for name in ("a", "b", "list"):
            (partial / name).write_bytes(b"1")
    assert calls == ["fsync", "rename", "fsync", "fsync"]  # the list, the folder, its own folder


@pytest.mark.parametrize("link", [os.link, os.symlink])
def test_the_source_is_recognised_under_any_name(tmp_path, link):
    source, other = tmp_path / "a.jpg", tmp_path / "b.jpg"
    source.write_bytes(b"1")
    link(source, other)
    with pytest.raises(FileExistsError, match="is the source itself"):
        check_not_source(other, [str(source)])
    check_not_source(tmp_path / "c.jpg", [str(source), "no-such-file"])


def test_a_writer_that_needs_a_name_gets_one_in_a_private_folder(tmp_path):
    target = tmp_path / "a.mp4"
    with new_file_at(target) as whole:
        whole.write_bytes(b"1")
        whole.with_name("notes").write_bytes(b"2")
        assert not target.exists()
    assert target.read_bytes() == b"1"
    assert names(tmp_path) == ["a.mp4"]
    with (
        pytest.raises(FileExistsError, match="`overwrite=True` overwrites it"),
        new_file_at(target),
    ):
        pass


def test_its_errors_name_the_target_and_leave_nothing(tmp_path):
    target = tmp_path / "a.mp4"
    with pytest.raises(OSError) as caught, new_file_at(target) as whole:
        whole.with_name("notes").write_bytes(b"2")
        raise OSError(28, "No space left on device", str(whole))
    assert caught.value.filename == str(target)
    with pytest.raises(KeyboardInterrupt), new_file_at(target) as whole:
        raise KeyboardInterrupt
    assert names(tmp_path) == []


def test_another_thread_may_begin_while_one_looks_at_what_is_unfinished(tmp_path, monkeypatch):
    class Slow(type(tmp_path)):
        def is_relative_to(self, *others):
            private._unfinished.add(tmp_path / "new")  # as another thread might just now
            return super().is_relative_to(*others)

    mine = Slow(tmp_path / ".part")
    monkeypatch.setattr(private, "_unfinished", {mine, tmp_path})
    assert mine in unfinished(tmp_path)


@pytest.mark.parametrize("overwrite", [False, True])
def test_what_appears_is_on_the_disk_already(tmp_path, overwrite):
    with watching(tmp_path, lambda *_: None) as watched:
        with new_file(tmp_path / "a.txt", overwrite=overwrite) as file:
            file.write(b"done")
        with new_folder(tmp_path / "b", index="list") as folder:
            (folder / "list").write_bytes(b"done")
    appears = [k for k, call in enumerate(watched.calls) if call in ("link", "replace", "rename")]
    synced = [k for k, call in enumerate(watched.calls) if call == "fsync"]
    assert synced[0] < appears[0] and appears[0] < synced[1] < appears[1]


def test_without_links_a_name_that_was_taken_is_given_back(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(PermissionError), new_file(tmp_path / "a.txt") as file:
        file.write(b"done")
    assert names(tmp_path) == []
