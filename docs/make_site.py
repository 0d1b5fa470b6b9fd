"""Hooks of the site: pages that lie outside of `docs/`, and links between both.

Pages of the repository link as files do, `../CONTRIBUTING.md` or `docs/rules.md`, so that they can be
read where they lie. On the site those links lead to the site's own pages; what is not on the site,
such as a folder of the source, stays as its name.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

REPO = Path(__file__).parents[1]
OUTSIDE = ("CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")
"""Pages of the repository's root that are pages of the site too."""
LINK = re.compile(r"(?<!!)\[(?P<words>[^\]]+)\]\((?P<address>[^)#:\s]+)(?P<part>#[^)\s]*)?\)")


def on_files(files: Any, config: Any) -> Any:
    """Add the pages of the root."""
    from mkdocs.structure.files import File

    for name in OUTSIDE:
        files.append(File.generated(config, name, abs_src_path=str(REPO / name)))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Turn links between files of the repository into links between pages of the site."""
    folder = "" if page.file.src_uri in OUTSIDE else "docs"

    def on_the_site(match: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(folder, match["address"]))
        place = path.removeprefix("docs/")
        if files.get_file_from_path(place) is None:
            return match["words"]
        return f"[{match['words']}]({place}{match['part'] or ''})"

    return LINK.sub(on_the_site, markdown)
