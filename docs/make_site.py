"""Hooks of the site: pages that lie outside of `docs/`, and links between both.

Pages of the repository link as files do, `../CONTRIBUTING.md` or `docs/rules.md`, so that they can
be read where they lie. On the site those links lead to the site's own pages; what is not on the
site, such as a folder of the source, stays as its name.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

REPO = Path(__file__).parents[1]
OUTSIDE = {
    # path in the repository: page of the site
    "README.md": "index.md",  # which has a text of its own
    "README.zh-CN.md": "zh.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "CHANGELOG.md": "changelog.md",
    "benchmarks/README.md": "measuring.md",
}
LINK = re.compile(
    r"^```.*?^```$|"  # what looks like a link in a block is none
    r"(?P<picture>!?)\[(?P<words>[^\]]+)\]\((?P<address>[^)#:\s]+)(?P<part>#[^)\s]*)?\)",
    re.DOTALL | re.MULTILINE,
)


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that lie outside of the folder of the site."""
    from mkdocs.structure.files import File

    for path, name in OUTSIDE.items():
        if files.get_file_from_path(name) is None:
            files.append(File.generated(config, name, abs_src_path=str(REPO / path)))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Turn links between files of the repository into links between pages of the site."""
    homes = {name: posixpath.dirname(path) for path, name in OUTSIDE.items() if name != "index.md"}
    folder = homes.get(page.file.src_uri, "docs")

    def on_the_site(match: re.Match[str]) -> str:
        if match["address"] is None:
            return match[0]
        path = posixpath.normpath(posixpath.join(folder, match["address"]))
        name = OUTSIDE.get(path, path.removeprefix("docs/"))
        if files.get_file_from_path(name) is None:
            return match["words"]
        return f"{match['picture']}[{match['words']}]({name}{match['part'] or ''})"

    return LINK.sub(on_the_site, markdown)
