"""Look models up by name, and read the catalogue's TOML files, ours or a user's.

`catalog/sources.toml` names the sources, `catalog/files.toml` how large and of what kind files may
be, `catalog/apis.toml` how requests are made, `catalog/boxes.toml` how models measure boxes,
`catalog/rules/` has a file per rule set with its limits by class of model, `catalog/families/` a
file per family of models. Every file is read strictly: an unknown key, a missing number or a source
that nobody named is an error. Hugging Face folders are read in `huggingface`.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from vlprep.errors import ConstraintError, ModelFileError, UnknownModelError
from vlprep.models.files import FileFormats, RequestLimits, Route
from vlprep.models.huggingface import read_folder
from vlprep.models.requests import ChatApi
from vlprep.models.schema import build
from vlprep.models.spec import ImageRule, ModelSpec, Price, RuleSet, Source, VideoRule

DEFAULT_MODEL = "qwen3-vl-plus"
"""The model that is meant when none is named."""

Table = Mapping[str, Any]


def get_model(model: str | ModelSpec | None = None) -> ModelSpec:
    """Return the record of a model by name or alias; a record passes through.

    Raises `UnknownModelError`, which carries the nearest names.

    >>> get_model("qvq-max").max_input_thinking_tokens
    106496
    """
    if isinstance(model, ModelSpec):
        return model
    name = DEFAULT_MODEL if model is None else model
    names = _names()
    if name not in names:
        raise UnknownModelError(name, nearest_names(name, names))
    return _catalogue_model(names[name])


def list_models() -> tuple[ModelSpec, ...]:
    """Return every model of the catalogue, family by family.

    >>> len(list_models()) > 80
    True
    """
    return tuple(_catalogue_model(name) for name in dict.fromkeys(_names().values()))


def find_source(source_id: str) -> Source | None:
    """Return the page or package that records cite as `source_id`; `None` for a user's own.

    >>> find_source("S004").date
    '2025-12-18'
    """
    return _sources().get(source_id)


def get_route(name: str) -> Route:
    """Return a way in which a file reaches a service: "base64", "path" or "url".

    Raises `ConstraintError` for another name.

    >>> get_route("path").max_video_bytes
    100000000
    """
    routes = _files()["routes"]
    if name not in routes:
        raise ConstraintError(f"unknown route {name!r}; there are {', '.join(routes)}")
    return build(Route, {"name": name, **routes[name]}, f"routes.{name}")


def list_apis() -> tuple[ChatApi, ...]:
    """Return the protocols in which requests are made, each with its routes.

    >>> [(api.name, api.routes[0]) for api in list_apis()]
    [('openai', 'base64'), ('dashscope', 'path')]
    """
    return tuple(map(get_api, _requests()["apis"]))


def request_limits() -> RequestLimits:
    """Return what one request may hold and ask.

    >>> request_limits().max_videos
    64
    """
    return build(RequestLimits, _files()["request"], "request")


def file_formats() -> FileFormats:
    """Return the formats that the services take.

    >>> file_formats().large_image
    ('JPEG', 'PNG')
    """
    return build(FileFormats, _files()["formats"], "formats")


def get_api(name: str) -> ChatApi:
    """Return a protocol in which requests are made: "openai" or "dashscope".

    Raises `ConstraintError` for another name.

    >>> get_api("openai").fixed_fps
    2.0
    """
    apis = _requests()["apis"]
    if name not in apis:
        raise ConstraintError(f"unknown API {name!r}; there are {', '.join(apis)}")
    return build(ChatApi, {"name": name, **apis[name]}, f"apis.{name}")


def load_model_file(path: str | Path, name: str | None = None) -> ModelSpec:
    """Read a model of the user's own: a TOML file in the catalogue's schema, or a Hugging Face one.

    The latter is a model folder or its `preprocessor_config.json`. `name` chooses among several
    models of a TOML file.

    Raises `FileNotFoundError`, `ModelFileError` when the file breaks the schema, and
    `UnknownModelError` when it has no model `name`.

    >>> load_model_file("tests/models/fine-tune").rules().image.max_pixels
    1003520
    """
    path = Path(path)
    if path.is_dir() or path.suffix == ".json":
        table: Table = read_folder(path)
        name = None
    else:
        table = _parse(path.read_bytes(), str(path))
    models = table.get("models", {})
    if not isinstance(models, Mapping):
        raise ModelFileError(str(path), "models is not a table")
    if not models:
        raise ModelFileError(str(path), "no [models.<name>] table")
    if name is None and len(models) > 1:
        raise ModelFileError(str(path), f"has several models; choose one: {', '.join(models)}")
    if name is not None and name not in models:
        raise UnknownModelError(name, nearest_names(name, models))
    return _read_model(table, name or next(iter(models)), str(path))


def resolve_model(name: str | None, model_file: str | None) -> ModelSpec:
    """Return the model that a command line names: from a file if there is one, else by name."""
    return get_model(name) if model_file is None else load_model_file(model_file, name)


def nearest_names(name: str, names: Mapping[str, object]) -> list[str]:
    """Return up to three of `names` that `name` may have been meant to be."""
    by_folded: dict[str, list[str]] = {}
    for known in names:
        by_folded.setdefault(known.casefold().removeprefix("qwen/"), []).append(known)
    folded = name.casefold().removeprefix("qwen/")
    close = difflib.get_close_matches(folded, by_folded, n=3, cutoff=0.6)
    return [known for match in close for known in by_folded[match]][:3]


@cache
def _families() -> dict[str, Table]:
    return {file.name: _read(file) for file in _toml_files(_catalog_folder() / "families")}


@cache
def _names() -> dict[str, str]:
    """Map every name and alias to the canonical name, without building a record."""
    return {
        alias: name
        for table in _families().values()
        for name, row in table["models"].items()
        for alias in (name, *row.get("aliases", ()))
    }


@cache
def _catalogue_model(name: str) -> ModelSpec:
    where = next(file for file, table in _families().items() if name in table["models"])
    return _read_model(_families()[where], name, where)


@cache
def _sources() -> dict[str, Source]:
    table = _read(_catalog_folder() / "sources.toml")
    return {key: build(Source, {"id": key, **row}, f"sources.{key}") for key, row in table.items()}


@cache
def _files() -> Table:
    return _read(_catalog_folder() / "files.toml")


@cache
def _requests() -> Table:
    return _read(_catalog_folder() / "apis.toml")


@cache
def _boxes() -> Table:
    return _read(_catalog_folder() / "boxes.toml")


@cache
def _rule_files() -> dict[str, Table]:
    """Return the rule sets' files by name; their rules are built where a model refers to them."""
    folder = _catalog_folder() / "rules"
    files = {file.name.removesuffix(".toml"): _read(file) for file in _toml_files(folder)}
    return {name: _inherit(file, files) for name, file in files.items()}


def _inherit(file: Table, files: Mapping[str, Table]) -> Table:
    """Lay a file's classes over those of the file it extends, number by number."""
    if "extends" not in file:
        return file
    base = files[file["extends"]]
    merged = dict(file)
    for key in ("image", "video", "prompt"):
        own, inherited = file.get(key, {}), base.get(key, {})
        merged[key] = {
            name: {**inherited.get(name, {}), **own.get(name, {})} for name in {**inherited, **own}
        }
    return merged


def _read_model(table: Table, name: str, where: str) -> ModelSpec:
    try:
        return _build_model(table, name)
    except KeyError as error:
        raise ModelFileError(where, f"models.{name}: nothing is called {error}") from error
    except (AttributeError, TypeError, ValueError) as error:  # a value where a table should be
        raise ModelFileError(where, str(error)) from error


def _build_model(table: Table, name: str) -> ModelSpec:
    fields = {**table.get("defaults", {}), **table["models"][name]}
    rules = fields.pop("rules", {})
    fields["rule_sets"] = tuple(_read_rules(key, part, name) for key, part in rules.items())
    for key, tables in _FILE_TABLES.items():
        if isinstance(fields.get(key), str):
            fields[key] = _files()[tables][fields[key]]
    if isinstance(fields.get("requests"), str):
        fields["requests"] = _requests()["requests"][fields["requests"]]
    if isinstance(fields.get("boxes"), str):
        fields["boxes"] = _boxes()[fields["boxes"]]
    if "price_list" in fields:
        key = fields.pop("price_list")
        rows = table["price_lists"][key]
        fields["prices"] = tuple(build(Price, row, f"price_lists.{key}") for row in rows)
    return build(ModelSpec, {"name": name, **fields}, f"models.{name}")


_FILE_TABLES = {"video_files": "videos", "url_files": "url_files", "localisation": "localisation"}
"""Fields of a model that may name a table of `files.toml`, by the table's kind."""


def _read_rules(name: str, part: Table, model: str) -> RuleSet:
    """Build one rule set of one model; its parts are written out or name a class of the file."""
    file = _rule_files().get(name, {})
    parts: dict[str, object] = {}
    for key, cls in (("image", ImageRule), ("video", VideoRule)):
        value = part.get(key)
        if value is not None:
            fields = file[key][value] if isinstance(value, str) else value
            parts[key] = build(cls, fields, f"models.{model}.rules.{name}.{key}")
    prompts = file.get("prompt", {})
    prompt = part.get("prompt", "default" if "default" in prompts else None)
    if prompt is not None:
        parts["prompt"] = prompts[prompt] if isinstance(prompt, str) else prompt
    heads = {key: part.get(key, file.get(key, default)) for key, default in _HEADS.items()}
    unknown = set(part) - {"image", "video", "prompt", *_HEADS}
    if unknown:
        raise ValueError(f"models.{model}.rules.{name}: unknown key {min(unknown)!r}")
    return build(RuleSet, {"name": name, **heads, **parts}, f"models.{model}.rules.{name}")


_HEADS = {"title": "a model file", "date": "undated"}


def _read(file: Traversable) -> Table:
    return _parse(file.read_bytes(), file.name)


def _parse(content: bytes, where: str) -> Table:
    try:
        return tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ModelFileError(where, f"not valid TOML: {error}") from error


def _toml_files(folder: Traversable) -> list[Traversable]:
    return sorted(
        (file for file in folder.iterdir() if file.name.endswith(".toml")),
        key=lambda file: file.name,
    )


def _catalog_folder() -> Traversable:
    return resources.files("vlprep.models") / "catalog"
