"""Run every example of README and docs, and write what it prints in its place.

`python docs/make_examples.py` rewrites the pages; a test fails where one is out of date. Run are:

- `python` blocks, in order and with the same names; a `text` block after one is what it prints.
- lines of `console` blocks that begin with `$ vlprep`; what follows is what they print.
- lines of `sh` blocks that begin with `vlprep`; they must succeed. Lines of other programs need a
  network, a server or another shell, and `NOT_RUN` has how they begin.

A page runs in an empty folder that has the repository's `fixtures` and `tests` in it. Where it uses
clients of OpenAI's or DashScope's, a server on this machine answers them. The Chinese README has
the blocks of the English one.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from importlib import import_module
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from vlprep.cli import main

REPO = Path(__file__).parents[1]
README, CHINESE = REPO / "README.md", REPO / "README.zh-CN.md"
BLOCK = re.compile(r"^```(?P<language>[\w-]*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
NOT_RUN = re.compile(
    r"(python3?[\d.]* -m (venv|pip|pytest)|\.venv/bin/|\.ci/|pip |coverage |uvx? |mkdocs |twine "
    r"|eval |git |_VLPREP_COMPLETE|/tmp/|for |done|  |vllm serve|python -m sglang"
    r"|python (docs|benchmarks)/)"
)
"""How lines of `sh` blocks begin that are not run here."""


def pages() -> list[Path]:
    """Return the pages whose examples are run, the Chinese README left out."""
    return [README, REPO / "CONTRIBUTING.md", *sorted((REPO / "docs").glob("*.md"))]


def updated(page: Path) -> str:
    """Return a page's text with what its examples print today."""
    text = page.read_text("utf-8")
    if page == CHINESE:
        return with_blocks_of(README.read_text("utf-8"), text)
    matches = list(BLOCK.finditer(text))
    with surroundings("import openai" in text or "import dashscope" in text):
        return "".join(_parts(page, text, matches))


def with_blocks_of(source: str, text: str) -> str:
    """Return a translation with the blocks of its source, which must be as many."""
    blocks = [match[0] for match in BLOCK.finditer(source)]
    found = BLOCK.findall(text)
    if len(blocks) != len(found):
        raise SystemExit(f"the translation has {len(found)} blocks, and its source {len(blocks)}")
    following = iter(blocks)
    return BLOCK.sub(lambda _: next(following), text)


def _parts(page: Path, text: str, matches: list[re.Match[str]]) -> Iterator[str]:
    names: dict[str, object] = {"__name__": page.stem}  # a reader goes on from block to block
    end, printed = 0, None
    for match in matches:
        between = text[end : match.start()]
        language, body = match["language"], match["text"]
        if language == "text" and printed is not None and not between.strip():
            body = printed
        printed = None
        if language == "python":
            above = text.count("\n", 0, match.start("text"))
            printed = run_python("\n" * above + body, page, names)
        if language in _SHELLS:
            body = _SHELLS[language](body)
        yield f"{between}```{language}\n{body}```"
        end = match.end()
    yield text[end:]


def run_python(code: str, page: Path, names: dict[str, object]) -> str:
    """Run one block, below as many empty lines as it has above it, and return what it prints."""
    printed = io.StringIO()
    with redirect_stdout(printed):
        exec(compile(code, str(page), "exec"), names)
    return printed.getvalue()


def run_session(session: str) -> str:
    """Return a shell session with what its commands print now; other programs stay as they are."""
    parts = re.split(r"^(?=\$ )", session.strip(), flags=re.MULTILINE)
    return "\n\n".join(_answered(part).strip() for part in parts if part) + "\n"


def _answered(part: str) -> str:
    line, _, old = part.partition("\n")
    printed = run_command(line[2:]) if line.startswith("$ vlprep") else old
    return f"{line}\n{printed.strip()}"


def run_script(script: str) -> str:
    """Run the lines of ours in a block of shell, and return it as it is."""
    for line in script.replace("\\\n", " ").splitlines():
        if line.startswith("vlprep "):
            command, _, file = line.partition(" > ")
            printed = run_command(command, must_succeed=True)
            if file:
                Path(file).write_text(printed, "utf-8")
        elif line and not line.startswith("#") and not NOT_RUN.match(line):
            raise SystemExit(f"nothing says how to run this line of an example: {line}")
    return script


def run_command(line: str, *, must_succeed: bool = False) -> str:
    """Run one of our commands, and return what a user sees of it."""
    program, *words = shlex.split(line, comments=True)
    assert program == "vlprep", line
    result = CliRunner().invoke(main, words, prog_name="vlprep")
    if isinstance(result.exception, SystemExit) or result.exception is None:
        if must_succeed and result.exit_code:
            raise SystemExit(f"{line}\nended with {result.exit_code}:\n{result.output}")
        return result.output
    raise result.exception


_SHELLS: dict[str, Callable[[str], str]] = {"console": run_session, "sh": run_script}


@contextmanager
def surroundings(needs_server: bool) -> Iterator[None]:
    """Be in an empty folder with our fixtures, beside a service that answers, while this lasts."""
    before, settings = Path.cwd(), dict(os.environ)
    with tempfile.TemporaryDirectory() as folder:
        for name in ("fixtures", "tests"):
            (Path(folder) / name).symlink_to(REPO / name)
        os.chdir(folder)
        _forget_who_runs(folder)
        try:
            if not needs_server:
                yield
                return
            sys.path.insert(0, str(REPO))
            with import_module("tests.servers").loopback() as server:
                _be_the_service(server.url)
                yield
        finally:
            os.chdir(before)
            os.environ.clear()
            os.environ.update(settings)


def _forget_who_runs(folder: str) -> None:
    """Let no default, width or colour of the one who runs this into what is printed."""
    for name in [name for name in os.environ if name.startswith("VLPREP_")]:
        del os.environ[name]
    for name in ("COLUMNS", "LINES", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        os.environ.pop(name, None)
    os.environ |= {"HOME": folder, "XDG_CONFIG_HOME": folder}


def _be_the_service(url: str) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        os.environ.pop(name, None)
        os.environ.pop(name.lower(), None)
    os.environ |= {"OPENAI_API_KEY": "none", "OPENAI_BASE_URL": f"{url}/compatible-mode/v1"}
    dashscope: Any = import_module("dashscope")
    dashscope.base_http_api_url, dashscope.api_key = f"{url}/api/v1", "none"


def make() -> None:
    """Rewrite all pages, the translation last; a page whose examples fail is named and left."""
    failed = []
    for page in [*pages(), *(page for page in [CHINESE] if page.exists())]:
        name = page.relative_to(REPO)
        try:
            text = updated(page)
        except (Exception, SystemExit) as error:
            failed.append(f"{name}: {error!r}")
            continue
        if text != page.read_text("utf-8"):
            page.write_text(text, "utf-8")
            print(f"{name} is brought up to date")
    if failed:
        raise SystemExit("\n".join(["examples failed:", *failed]))


if __name__ == "__main__":
    make()
