"""The commands that `vlprep plan` prints: they run as they are, and give what was planned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from vlprep.choices import READABLE
from vlprep.cli.idle import OF_VIDEOS
from vlprep.cli.shell import option_words, quote

if TYPE_CHECKING:
    from vlprep.count.files import Media
    from vlprep.pick.picked import PickedFrames
    from vlprep.plan.records import MediaPlan, PlannedFile
    from vlprep.view import View

MOST_NAMES = 3
"""Files that have a command of their own, and that are named where the inputs could be repeated."""
BY_RATE = "dashscope"
"""The protocol that can say rates, which commands name where none was asked for."""
VIEWS = "views/"
"""The folder into which images are written as the model sees them."""


def printed_commands(
    plan: MediaPlan,
    model: Sequence[str],
    api: str | None,
    listed: Sequence[str] | None,
    inputs: Sequence[str] | None,
    again: Sequence[str],
) -> Iterator[str]:
    """Yield the commands and arguments that use the settings, for each group that shares them.

    `model` are the words that name the model, `api` the protocol asked for, `listed` the names
    of the images where all are one list, `inputs` the words that named all files, if any did, and
    `again` those that repeat the command line.
    """
    from vlprep.plan.picking import PickedSetting
    from vlprep.types import FrameListInfo

    if any(file.part or file.piece for file in plan.files):
        yield from _of_parts(plan, model, api, again)
        return
    if any(isinstance(file.setting, PickedSetting) for file in plan.files):
        yield from _of_picks(plan, model, api, again)
        return
    groups = _alike(plan)
    is_sent = len(groups) == 1 and len(plan.requests) == 1 and plan.view.model.kind == "api"
    for files in groups:
        view, videos = plan.view, [file for file in files if file.kind == "video"]
        asked = _asked(plan, (videos or files)[0])
        flags = _flags(plan, model, asked)
        if isinstance(files[0].info, FrameListInfo):
            names = " ".join(map(quote, listed or [files[0].source]))
            yield from _of_list(names, flags)
            if is_sent:  # only the reference of 2026 lets a request limit a list
                way = f"--api {api or BY_RATE} --video-fields"
                fetch = _fetch(listed or [files[0].source])
                yield f"vlprep payload {names} --list{fetch} --text TEXT {flags} {way}"
        else:
            repeats = inputs and len(groups) == 1 and len(files) > MOST_NAMES
            named = " ".join(inputs or ()) if repeats else _names(files)
            yield f"vlprep tokens {named} {flags}"
            seen = _flags(plan, model, {k: v for k, v in asked.items() if k not in OF_VIDEOS})
            yield from _of_files(plan, files, flags, seen, api, is_sent=is_sent)
        keywords = {name: repr(value) for name, value in asked.items()} | _pruning_call(view)
        yield "Python: " + ", ".join(f"{name}={value}" for name, value in keywords.items())
    if plan.files and not is_sent and _has_bodies(plan):
        yield " ".join(["vlprep plan", *again, *_ways(plan, api), "--text TEXT -o DIR"])


def _asked(plan: MediaPlan, file: PlannedFile) -> dict[str, object]:
    """Return the keywords with which a file is shown as planned."""
    view = plan.view
    return {**view.bound, **view.asking(**file.keywords).options.asked}  # type: ignore[arg-type]


def _flags(plan: MediaPlan, model: Sequence[str], asked: Mapping[str, object]) -> str:
    told = {**asked, **_pruning(plan.view)}.items()
    return " ".join([*model, *(word for it in told for word in option_words(*it))])


MOST_PARTS = 12
"""Parts of clips that have a command of their own, where one command writes all bodies."""


def _of_parts(
    plan: MediaPlan, model: Sequence[str], api: str | None, again: Sequence[str]
) -> Iterator[str]:
    """Yield a command for each part of a clip, then those for all of them and for the answers."""
    sends, ways = _has_bodies(plan), " ".join(_ways(plan, api))
    parts = [file for file in plan.files if file.part]
    if len(parts) <= MOST_PARTS or not sends:
        for number, file in enumerate(parts, 1):
            name, flags = quote(file.source), _flags(plan, model, _asked(plan, file))
            if sends:
                yield f"vlprep payload {name} --text TEXT {flags} {ways} -o request-{number}.json"
            else:
                yield f"vlprep frames {name} -o part-{number} {flags}"
    pages = [file for file in plan.files if file.piece and file.piece.number == 0]
    yield from _of_pages(plan, pages, model, sends=sends)
    if sends and (parts or len(pages) > MOST_PARTS or len(plan.requests) > 1):
        yield " ".join(["vlprep plan", *again, *_ways(plan, api), "--text TEXT -o DIR"])
    if sends:
        for source in dict.fromkeys(file.source for file in parts):
            words = " ".join(model)
            yield f"vlprep events ANSWERS {quote(source)} --pieces DIR {words}"


def _of_pages(
    plan: MediaPlan, pages: Sequence[PlannedFile], model: Sequence[str], *, sends: bool
) -> Iterator[str]:
    """Yield the commands that write the pieces of each page, and one that sends all in a request.

    Images beside them that need no pieces are sent along, and left whole again.
    """
    if not pages or (sends and len(pages) > MOST_PARTS):
        return
    flags = _flags(plan, model, {**_asked(plan, pages[0]), **_readable(pages[0])})
    for number, file in enumerate(pages, 1):
        folder = "DIR" if len(pages) == 1 else f"pieces-{number}"
        yield f"vlprep split {quote(word_of(file.given))} -o {folder} {flags}"
    if sends and len(plan.requests) == 1:
        names = dict.fromkeys(quote(word_of(file.given)) for file in plan.files)
        yield f"vlprep payload {' '.join(names)} --pieces --text TEXT {flags}"


def _readable(file: PlannedFile) -> dict[str, float]:
    """Return how high letters are to be, where that is not as usual."""
    assert file.piece is not None
    asked = file.piece.split.readable
    return {} if asked == READABLE else {"readable": asked}


def _of_picks(
    plan: MediaPlan, model: Sequence[str], api: str | None, again: Sequence[str]
) -> Iterator[str]:
    """Yield commands that pick the very frames again, and the one that writes all of a request."""
    from vlprep.plan.picking import PickedSetting

    sends, ways = _has_bodies(plan), " ".join(_ways(plan, api))
    for file in plan.files:
        name, flags = quote(file.source), _flags(plan, model, _asked(plan, file))
        if not isinstance(file.setting, PickedSetting):
            continue
        picks = " ".join(_pick_words(file.setting.picked))
        yield f"vlprep frames {name} -o DIR {flags} {picks}"
        if sends and len(plan.files) == 1:
            yield f"vlprep payload {name} --text TEXT {flags} {picks} {ways}"
    if sends and len(plan.files) > 1:
        yield " ".join(["vlprep plan", *again, *_ways(plan, api), "--text TEXT -o DIR"])


def _pick_words(picked: PickedFrames) -> Iterator[str]:
    """Yield the options that look for the same in a clip."""
    if picked.by == "distinct":
        yield "--drop-duplicates"
    else:
        yield from ("--pick", picked.by)
    yield from option_words("max_gap", picked.max_gap)
    if picked.looked.probe_fps is not None:
        yield from option_words("probe_fps", picked.looked.probe_fps)


def _has_bodies(plan: MediaPlan) -> bool:
    """Say whether requests can be built: servers of no name, and some for lists, take nothing."""
    from vlprep.types import FrameListInfo

    server = plan.view.server
    lists = any(isinstance(file.info, FrameListInfo) for file in plan.files)
    served = server is not None and (server.list_type is not None or not lists)
    return plan.view.model.kind == "api" or served


def _ways(plan: MediaPlan, api: str | None) -> Iterator[str]:
    """Yield the options with which a request can say what is planned of videos and lists."""
    from vlprep.types import FrameListInfo

    videos = [file.info for file in plan.files if file.kind == "video"]
    if videos and plan.view.model.kind == "api":
        yield from () if api else (f"--api {BY_RATE}",)
        lists = sum(isinstance(info, FrameListInfo) for info in videos)
        yield from ("--as-frames",) if lists < len(videos) else ()
        yield from ("--video-fields",) if lists else ()


def _pruning(view: View) -> dict[str, object]:
    """Return the options by which a server leaves out tokens of videos."""
    prunes = view.server and view.server.prunes
    return {"pruning_rate": prunes.rate, "pruning_method": prunes.method} if prunes else {}


def _pruning_call(view: View) -> dict[str, str]:
    """Return the same as a keyword of Python."""
    if view.server is None or view.server.prunes is None:
        return {}
    pruned = ", ".join(map(repr, _pruning(view).values()))
    return {"server": f"get_server({view.server.name!r}).pruned({pruned})"}


def _of_list(names: str, flags: str) -> Iterator[str]:
    yield f"vlprep tokens {names} --list {flags}"
    yield f"vlprep frames {names} --list -o DIR {flags}"


def _of_files(
    plan: MediaPlan,
    files: Sequence[PlannedFile],
    flags: str,
    image_flags: str,
    api: str | None,
    *,
    is_sent: bool,
) -> Iterator[str]:
    videos = [file for file in files if file.kind == "video"]
    if len(files) == 1 and videos:
        yield f"vlprep frames {_names(files)} -o DIR {flags}"
    shrunk = _shrunk(file.source for file in files if _rests_on_cap(file, plan))
    if shrunk:  # which holds also if a lower cap lowers nothing
        yield f"vlprep view {' '.join(map(quote, shrunk))} -o {VIEWS} {image_flags}"
    yield f"vlprep compress {_names(files, shrunk)} -o DIR/ {flags}"  # a folder also of one file
    if is_sent:
        frames = f" --api {api or BY_RATE} --as-frames" if videos else ""
        fetch = _fetch([file.source for file in files if file.source not in shrunk])
        yield f"vlprep payload {_names(files, shrunk)}{fetch} --text TEXT {flags}{frames}"


def _fetch(sources: Iterable[str]) -> str:
    """Return the option with which addresses are fetched, which are left to the service else."""
    from vlprep.media.remote import scheme_of

    return " --fetch" if any(map(scheme_of, sources)) else ""


def _shrunk(sources: Iterable[str]) -> dict[str, str]:
    """Return the names under which `vlprep view` writes images as the model sees them."""
    from vlprep.media.pages import file_stem
    from vlprep.output.target import free_name

    taken = set[str]()
    return {
        source: VIEWS + free_name(file_stem(source), ".png", taken)
        for source in dict.fromkeys(sources)
    }


def _names(files: Sequence[PlannedFile], shrunk: Mapping[str, str] = MappingProxyType({})) -> str:
    return " ".join(quote(shrunk.get(file.source) or word_of(file.given)) for file in files)


def word_of(given: Media) -> str:
    """Return the name of a file, or what stands for one of which only facts were given."""
    from vlprep.count.files import media_name
    from vlprep.types import ImageInfo, VideoInfo

    return "FILE" if isinstance(given, ImageInfo | VideoInfo) else media_name(given)


def _rests_on_cap(file: PlannedFile, plan: MediaPlan) -> bool:
    from vlprep.plan.cautions import rests_on_cap
    from vlprep.types import ImageInfo

    is_image = isinstance(file.info, ImageInfo)
    return is_image and rests_on_cap([file.info.size], [file.setting], plan.view) is not None


def _alike(plan: MediaPlan) -> list[list[PlannedFile]]:
    """Group files that one command line can be about: images have no rate, and mind none.

    A list of images is a command of its own.
    """
    from vlprep.types import FrameListInfo

    groups: dict[int | None, list[list[PlannedFile]]] = {}
    for number, file in enumerate(plan.files):
        is_list = isinstance(file.info, FrameListInfo)
        same = groups.setdefault(-number - 1 if is_list else file.setting.max_pixels, [])
        for group in same:
            if len({member.setting.fps for member in (*group, file)} - {None}) <= 1:
                group.append(file)
                break
        else:
            same.append([file])
    return [group for same in groups.values() for group in same]
