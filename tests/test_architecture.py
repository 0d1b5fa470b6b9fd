"""Who may import whom, where third parties live, and what loads when."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import vlprep
from tests.places import REPO
from vlprep.models.registry import DEFAULT_MODEL

PACKAGE = REPO / "vlprep"
MODULES = {
    ".".join(path.relative_to(REPO).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}

FLOORS = (
    # From the ground up: a room may import itself and the floors below.
    {"errors", "display"},
    {"units", "choices", "parsing", "gzipped", "keywords"},
    {"trust"},
    {"types"},
    {"clips"},
    {"maths"},
    {"models", "media", "output", "draw", "replies"},
    {"video", "messages"},
    {"view"},
    {"count"},
    {"frames", "check", "boxes"},
    {"split", "pick"},
    {"arrays", "compress", "plan", "events", "reconcile"},
    {"payload", "samples", "refit"},
    {"batch"},
    {"scan"},
    {"verbs"},
    {""},  # vlprep/__init__.py
    {"compat", "cli"},
    {"__main__"},
)
FLOOR_OF = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}

DOORS = {
    # Rooms of verbs: the modules that meet files. All others in them know numbers only.
    "count": {"files", "frame_list", "messages"},
    "plan": {"plan", "chart", "records"},
    "frames": {"stream", "reading", "files", "many", "view"},
    "arrays": {"arrays", "files", "values"},
    "check": {"check"},
    "boxes": {"boxes"},
    "events": {"events", "files", "pieces"},
    "reconcile": {"logs"},
    "refit": {"places", "media", "result"},
    "samples": {"samples", "rows"},
    "split": {"split", "crop"},
    "pick": {"pick", "picked", "clip"},
    "batch": {"operator", "operators", "pixels"},
    "scan": {
        *("journal", "output", "report", "rows", "run"),
        *("scan", "sources", "thumbnails", "writing"),
    },
}

HOMES = {
    # third party: the modules that may import it
    "numpy": (
        *(
            "vlprep.maths",
            "vlprep.media",
            "vlprep.video",
            "vlprep.output",
            "vlprep.draw",
            "vlprep.clips",
            "vlprep.count",
        ),
        "vlprep.verbs",  # for annotations only
        *("vlprep.count", "vlprep.frames", "vlprep.boxes", "vlprep.plan"),
        *("vlprep.arrays", "vlprep.compress", "vlprep.compat", "vlprep.reconcile"),
        *("vlprep.split", "vlprep.pick"),
        *("vlprep.split", "vlprep.scan"),
    ),
    "av": ("vlprep.video",),
    "pillow_heif": ("vlprep.media.image",),
    "PIL": (
        "vlprep.media",
        "vlprep.video",
        "vlprep.output",
        "vlprep.draw",
        "vlprep.boxes",
        *(
            "vlprep.display",
            "vlprep.clips",
            "vlprep.frames.view",
            "vlprep.split.crop",
        ),  # to show and hand over
        "vlprep.compat",
    ),
    "pypdfium2": ("vlprep.media.pdf",),
    "click": ("vlprep.cli",),
    "rich": ("vlprep.cli",),
    "tokenizers": ("vlprep.cli.samples",),
    "pyarrow": ("vlprep.batch", "vlprep.scan"),
    "ray": ("vlprep.scan.ray_data",),
    "aiohttp": ("vlprep.media.web",),
    "yarl": ("vlprep.media.web",),
    "fsspec": ("vlprep.media.web", "vlprep.media.stores"),
}


def part_of(module: str) -> str:
    """Return the part of the package that a module belongs to: "" is the package's own file."""
    return module.removeprefix("vlprep").removeprefix(".").split(".")[0]


def imports(path: Path) -> Iterator[str]:
    """Yield the full name of every module that a file imports, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are written in full"
            if node.module == "vlprep":  # the module that is meant, where it is one
                for alias in node.names:
                    inner = f"vlprep.{alias.name}"
                    yield inner if inner in MODULES else "vlprep"
            else:
                yield str(node.module)


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_down(module):
    room = part_of(module)
    for name in imports(MODULES[module]):
        if name.split(".")[0] == "vlprep":
            other = part_of(name)
            is_below = FLOOR_OF[other] < FLOOR_OF[room]
            assert other == room or is_below, f"{module} must not import {name}"


@pytest.mark.parametrize("module", MODULES)
def test_numbers_meet_files_only_at_the_doors(module):
    _, _, inner = module.removeprefix("vlprep.").partition(".")
    room = part_of(module)
    if room not in DOORS or not inner or inner in DOORS[room]:
        return
    met = [
        name
        for name in imports(MODULES[module])
        if name.startswith(("vlprep.media", "vlprep.output"))
    ]
    met = [name for name in met if name != "vlprep.media.sniff"]  # a table of names
    assert met == [], f"{module} is no door of {room}"


@pytest.mark.parametrize("module", MODULES)
def test_third_parties_stay_in_their_home(module):
    for name in imports(MODULES[module]):
        top = name.split(".")[0]
        if top in sys.stdlib_module_names or top == "vlprep":
            continue
        assert top in HOMES, f"{module} imports {top}, which has no home"
        assert module.startswith(HOMES[top]), f"{module} must not import {top}"


SPEAKERS = {"socket", "ssl", "http", "urllib.request", "ftplib", "asyncio", "xmlrpc", "webbrowser"}


FETCHES = "vlprep.media.web"
"""The only module that opens connections: it fetches what a user names by address."""


@pytest.mark.parametrize("module", [module for module in MODULES if module != FETCHES])
def test_nothing_can_be_sent(module):
    for name in imports(MODULES[module]):
        assert not any(f"{name}.".startswith(f"{speaker}.") for speaker in SPEAKERS), name


def test_nothing_is_named_for_what_it_is_not():
    names = {name.rpartition(".")[2] for name in MODULES}
    assert not names & {"utils", "util", "misc", "helpers", "helper", "common", "tools"}


def test_every_module_says_what_lives_in_it():
    for name, path in MODULES.items():
        assert ast.get_docstring(ast.parse(path.read_text())), name


LONGEST_BODY = 40
"""Lines of a function behind its docstring: what is read in one look."""


def test_every_function_can_be_read_in_one_look():
    for path in MODULES.values():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                first = node.body[ast.get_docstring(node) is not None :]
                lines = first[-1].end_lineno - first[0].lineno + 1 if first else 0
                assert lines <= LONGEST_BODY, f"{path.name}: {node.name} has {lines} lines"


# The public names.


def test_all_names_are_there_and_no_others():
    for name in vlprep.__all__:
        assert getattr(vlprep, name) is not None
    assert dir(vlprep) == sorted(vlprep.__all__)
    parts = {part_of(module) for module in MODULES}
    visible = {name for name in vars(vlprep) if not name.startswith("_")} - parts
    assert visible - {"import_module"} == set(vlprep.__all__) - {"__version__"}


def test_the_names_for_checkers_are_the_names_that_load():
    for node in ast.parse((PACKAGE / "__init__.pyi").read_text()).body:
        for alias in node.names if isinstance(node, ast.ImportFrom) else ():
            assert alias.name == alias.asname
            assert getattr(import_module(node.module), alias.name) is getattr(vlprep, alias.name)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'smart_resise'"):
        vlprep.smart_resise  # noqa: B018


def test_the_version_is_the_package_s():
    from importlib.metadata import version

    assert version("vlprep") == vlprep.__version__


# Models are data.


def strings_in_code(path: Path) -> Iterator[ast.Constant]:
    """Yield the string literals of a file that are not docstrings."""
    tree = ast.parse(path.read_text())
    prose = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node


def test_no_code_names_a_model():
    names = {name for model in vlprep.list_models() for name in (model.name, *model.aliases)}
    named = [
        (module, constant.value)
        for module, path in MODULES.items()
        for constant in strings_in_code(path)
        if constant.value in names
    ]
    assert named == [("vlprep.models.registry", DEFAULT_MODEL)]


# The command line is spoken in its own room.

FLAG_OR_COMMAND = re.compile(
    r"(?<![\w-])(--[a-z][a-z-]+|-r\b)"
    r"|vlprep (tokens|plan|frames|view|arrays|compress|check|payload|boxes|events|models)\b"
)


@pytest.mark.parametrize("module", [module for module in MODULES if part_of(module) != "cli"])
def test_no_other_room_speaks_of_options_and_commands(module):
    if part_of(module) != "__main__":
        said = FLAG_OR_COMMAND.findall(MODULES[module].read_text())
        assert said == [], "name the parameter in backticks; the command line makes it an option"


@pytest.mark.parametrize("page", sorted((PACKAGE / "models" / "catalog").rglob("*.toml"), key=str))
def test_the_catalogue_does_not_either(page):
    texts = [line.partition("#")[0] for line in page.read_text().splitlines()]
    assert FLAG_OR_COMMAND.findall("\n".join(texts)) == []


# What loads when.

HEAVY = {"numpy", "PIL", "av", "pillow_heif", "rich", "click"}


def loaded_by(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(*sorted({HEAVY!r} & set(sys.modules)))"
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=REPO, capture_output=True, text=True, check=True
    )
    return set(ran.stdout.split())


def test_importing_the_package_loads_nothing_heavy():
    assert loaded_by("import vlprep") == set()


@pytest.mark.parametrize(
    ("code", "loaded"),
    [
        ("vlprep.get_model('qvq-max'); vlprep.list_models()", set()),
        ("vlprep.image_tokens((100, 100))", set()),
        ("vlprep.image_tokens_batch([[100, 100]])", {"numpy"}),
        ("vlprep.video_tokens(vlprep.VideoInfo(size=(9, 9), frame_count=90, fps=30))", set()),
        ("vlprep.count_tokens('fixtures/photo.jpg')", {"PIL"}),
        ("vlprep.count_tokens('fixtures/photo.heic')", {"PIL", "pillow_heif"}),
        ("vlprep.count_tokens('fixtures/animated.gif')", {"PIL"}),
    ],
)
def test_a_use_loads_what_it_needs(code, loaded):
    assert loaded_by(f"import vlprep\n{code}") == loaded


def test_a_video_loads_no_image_codec():
    loaded = loaded_by("import vlprep\nvlprep.count_tokens('fixtures/clip.mp4')")
    assert "av" in loaded
    assert "pillow_heif" not in loaded


def test_the_help_of_the_command_line_loads_no_codec():
    code = "import vlprep.cli\ntry: vlprep.cli.main(['--help'])\nexcept SystemExit: pass"
    script = f"import sys\n{code}\nprint(*sorted({HEAVY!r} & set(sys.modules)), file=sys.stderr)"
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=REPO, capture_output=True, text=True, check=True
    )
    assert not {"av", "pillow_heif", "PIL"} & set(ran.stderr.split())


# The tests themselves.


def test_test_folders_mirror_the_rooms():
    rooms = {part_of(module) for module, path in MODULES.items() if path.name == "__init__.py"}
    missing = [room for room in rooms - {""} if not (REPO / "tests" / room).is_dir()]
    assert missing == []
