"""Look models up by name, and build the records of the catalogue's tables, ours or a user's.

Tables are read strictly: an unknown key or a missing number is an error. A record is built once and
when it is first asked for. The catalogue's files are read in `tables`, Hugging Face folders in
`huggingface`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from vlprep.display import Listing, page
from vlprep.errors import ConstraintError, ModelFileError, UnknownModelError
from vlprep.models.names import INSTRUCT, OWNER, folded, nearest_names, shortened
from vlprep.models.schema import build
from vlprep.models.sourced import Source
from vlprep.models.spec import ModelSpec, RuleSet
from vlprep.models.tables import (
    PARTS,
    SHARED,
    Table,
    model_names,
    names,
    parse,
    rule_file,
    table_of,
    text_of,
)
from vlprep.parsing import read_small

if TYPE_CHECKING:  # records that few uses need
    from vlprep.models.asking import Recipe, Region
    from vlprep.models.routes import ChatApi, FileFormats, ReferenceFormats, RequestLimits, Route
    from vlprep.models.servers import Server

DEFAULT_MODEL = "qwen3-vl-plus"
"""The model that is meant when none is named."""

_T = TypeVar("_T")


def get_model(model: str | ModelSpec | None = None) -> ModelSpec:
    """Return the record of a model by name or alias; a record passes through.

    Case does not matter, the prefix `Qwen/` and `-Instruct` may be left out, and weights may be
    called as Ollama does, where one model remains.

    Raises `UnknownModelError`, which carries the nearest names, and `TypeError` for what is
    neither a name nor a record.

    >>> get_model("qvq-max").max_input_thinking_tokens
    106496
    >>> get_model("qwen/qwen3-vl-8b").name, get_model("qwen2.5-vl:7b").name
    ('Qwen/Qwen3-VL-8B-Instruct', 'Qwen/Qwen2.5-VL-7B-Instruct')
    """
    if isinstance(model, ModelSpec):
        return model
    name = DEFAULT_MODEL if model is None else model
    if not isinstance(name, str):
        raise TypeError(f"a model is named by text, and this is {name!r}")
    return _by_name(name) or _by_short_name(name)


def stands_for(name: str, model: ModelSpec) -> bool:
    """Say whether a name stands for a model, in any of the spellings that `get_model` takes.

    >>> stands_for("QVQ-max", get_model("qvq-max")), stands_for("gpt-x", get_model("qvq-max"))
    (True, False)
    """
    try:
        return name == model.name or get_model(name) == model
    except UnknownModelError:
        return False


def models_named(prefix: str) -> Models:
    """Return the models with a name that begins so, case and the prefix `Qwen/` apart.

    >>> [model.name for model in models_named("Qwen3-omni")][:1]
    ['Qwen/Qwen3-Omni-30B-A3B-Instruct']
    """
    return Models(dict.fromkeys(map(get_model, names_like(prefix))))


def names_like(prefix: str) -> list[str]:
    """Return the names and aliases that begin so, case and the prefix `Qwen/` apart.

    >>> names_like("QVQ-plus-20")
    ['qvq-plus-2025-05-15']
    """
    return [name for name in model_names() if folded(name).startswith(folded(prefix))]


class Models(Listing[ModelSpec]):
    """Models of the catalogue: a tuple that shows itself by their names."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        headings = ("model", "family", "pixels of a token", "rules", "largest input")
        return page(f"{len(self):,} models", headings, [_listed(model) for model in self])

    def to_dict(self) -> dict[str, Any]:
        """Return the document of `vlprep.models/1`: every number of them, and its sources."""
        from vlprep.models.document import models_document  # which looks names up here

        return models_document(self)


def _listed(model: ModelSpec) -> tuple[str, ...]:
    rules, most = model.rules(), model.input_limit()
    rule = rules.image or rules.video
    side = f"{rule.factor}x{rule.factor}" if rule else "unknown"
    return model.name, model.family, side, rules.name, "" if most is None else f"{most:,}"


def list_models() -> Models:
    """Return every model of the catalogue, family by family.

    >>> len(list_models()) > 80
    True
    """
    return Models(
        _model(file, name)
        for file in names("families")
        for name in table_of("families", file)["models"]
    )


@cache
def find_source(source_id: str) -> Source | None:
    """Return the page or package that records cite as `source_id`; `None` for a user's own.

    >>> find_source("S004").date
    '2025-12-18'
    """
    row = SHARED["source"].get(source_id)
    return row and build(Source, {"id": source_id, **row}, f"source.{source_id}")


def list_sources() -> tuple[Source, ...]:
    """Return every page and package that the catalogue's numbers were read from.

    >>> {"P1", "P3", "S000"} <= {source.id for source in list_sources()}
    True
    """
    return tuple(source for key in SHARED["source"] if (source := find_source(key)))


@cache
def get_route(name: str) -> Route:
    """Return a way in which a file reaches a service: "base64", "path" or "url".

    Raises `ConstraintError` for another name.

    >>> get_route("path").max_video_bytes
    100000000
    """
    from vlprep.models.routes import Route

    return _named(Route, "routes", "route", name)


@cache
def get_api(name: str) -> ChatApi:
    """Return a protocol in which requests are made: "openai" or "dashscope".

    Raises `ConstraintError` for another name.

    >>> get_api("openai").fixed_fps
    2.0
    """
    from vlprep.models.routes import ChatApi

    return _named(ChatApi, "apis", "API", name)


def list_apis() -> tuple[ChatApi, ...]:
    """Return the protocols in which requests are made, each with its routes.

    >>> [(api.name, api.routes[0]) for api in list_apis()]
    [('openai', 'base64'), ('dashscope', 'path')]
    """
    return tuple(map(get_api, SHARED["apis"]))


@cache
def find_region(name: str) -> Region | None:
    """Return where requests go of a deployment; `None` where no source states an address.

    >>> find_region("china").bases["openai"]
    'https://dashscope.aliyuncs.com/compatible-mode/v1'
    """
    from vlprep.models.asking import Region

    return _named(Region, "regions", "region", name) if name in SHARED["regions"] else None


@cache
def get_recipe(name: str) -> Recipe:
    """Return how the documents advise to ask for a kind of answer, such as "boxes".

    Raises `ConstraintError` for another name.

    >>> get_recipe("html").text
    'qwenvl html'
    """
    from vlprep.models.asking import Recipe

    return _named(Recipe, "recipes", "recipe", name)


def list_recipes() -> Listing[Recipe]:
    """Return every recipe of `build_request`: prompts and sampling values that documents advise.

    >>> [recipe.name for recipe in list_recipes()][:3]
    ['text', 'boxes', 'points']
    """
    return Listing(map(get_recipe, SHARED["recipes"]))


def _named(cls: type[_T], kind: str, word: str, name: str) -> _T:
    """Return a record that models share, by its name."""
    rows = SHARED[kind]
    if name not in rows:
        raise ConstraintError(f"unknown {word} {name!r}; there are {', '.join(rows)}")
    return build(cls, {"name": name, **rows[name]}, f"{kind}.{name}")


@cache
def request_limits() -> RequestLimits:
    """Return what one request may hold and ask.

    >>> request_limits().max_videos
    64
    """
    from vlprep.models.routes import RequestLimits

    return build(RequestLimits, SHARED["request"], "request")


@cache
def file_formats() -> FileFormats:
    """Return the formats that the services take.

    >>> file_formats().large_image
    ('JPEG', 'PNG')
    """
    from vlprep.models.routes import FileFormats

    return build(FileFormats, SHARED["formats"], "formats")


@cache
def reference_formats() -> ReferenceFormats:
    """Return the formats that the reference for open weights does not open.

    >>> reference_formats().unopened
    ('HEIC', 'PDF')
    """
    from vlprep.models.routes import ReferenceFormats

    return build(ReferenceFormats, SHARED["reference_formats"], "reference_formats")


@cache
def get_server(name: str) -> Server:
    """Return a server of open weights: "vllm" or "sglang".

    Raises `ConstraintError` for another name.

    >>> get_server("vllm").title
    'vLLM 0.33'
    """
    from vlprep.models.servers import Server

    servers = SHARED["servers"]
    if name not in servers:
        raise ConstraintError(f"unknown server {name!r}; there are {', '.join(servers)}")
    shared, table = {"first": SHARED["first_resizes"]}, dict(servers[name])
    table["videos"] = [_filled(part, shared) for part in table["videos"]]
    return build(Server, {"name": name, **table}, f"servers.{name}")


def list_servers() -> Listing[Server]:
    """Return the servers of open weights that are known.

    >>> [server.name for server in list_servers()]
    ['vllm', 'sglang']
    """
    return Listing(map(get_server, SHARED["servers"]))


def load_model_file(path: str | Path, name: str | None = None) -> ModelSpec:
    """Read a model of the user's own: a TOML file in the catalogue's schema, or a Hugging Face one.

    The latter is a model folder, one of its four files (`preprocessor_config.json`,
    `video_preprocessor_config.json`, `processor_config.json`, `config.json`), or a JSON file of
    another name that names a Qwen class. `name` chooses among several models of a TOML file.

    Raises `FileNotFoundError`, `ModelFileError` when the file breaks the schema,
    `UnknownModelError` when it has no model `name`, and `ConstraintError` for a name beside JSON.

    >>> load_model_file("tests/models/fine-tune").rules().image.max_pixels
    1003520
    """
    path = Path(path)
    is_folder = path.is_dir() or path.suffix in (".json", ".gguf", ".safetensors")
    if is_folder:
        from vlprep.models.huggingface import read_folder

        path.stat()  # a file that is not there does not stand for its folder
        if name is not None:
            problem = f"{path} holds the numbers of one model; leave the name {name!r} out"
            raise ConstraintError(f"{problem}, which chooses in a TOML file of several")
        table: Table = read_folder(path, SHARED, rule_file("transformers"))
    else:
        table = _toml(path)
    models = table.get("models", {})
    if not isinstance(models, Mapping):
        raise ModelFileError(str(path), "models is not a table")
    if not models:
        raise ModelFileError(str(path), "no [models.<name>] table")
    if name is None and len(models) > 1:
        raise ModelFileError(str(path), f"has several models; choose one: {', '.join(models)}")
    if name is not None and name not in models:
        raise UnknownModelError(name, nearest_names(name, models))
    spec = _read_model(table, name or next(iter(models)), str(path))
    if not is_folder:
        _check_ranges(spec, str(path))
    return spec


def _check_ranges(spec: ModelSpec, where: str) -> None:
    """Raise `ModelFileError` for pixel ranges without a number in them, which TOML states itself.

    In the folders of Hugging Face there are some, which the reference takes: a warning tells them.
    """
    for rules in spec.rule_sets:
        for rule in (rules.image, rules.video):
            if rule is not None and rule.min_pixels > rule.max_pixels:
                numbers = f"min_pixels {rule.min_pixels:,} is above max_pixels {rule.max_pixels:,}"
                raise ModelFileError(where, f"rule set {rules.name}: {numbers}")


def _toml(path: Path) -> Table:
    try:
        return parse(read_small(path), str(path))
    except ModelFileError:
        raise
    except ValueError as error:  # of a file without an end
        raise ModelFileError(str(path), str(error)) from error


def resolve_model(name: str | None, model_file: str | None) -> ModelSpec:
    """Return a model from a file if there is one, else by name."""
    return get_model(name) if model_file is None else load_model_file(model_file, name)


def _by_short_name(name: str) -> ModelSpec:
    """Return the only model that a name in other letters, or a shorter one, can mean.

    An owner, or a colon before the size as Ollama writes it, asks for weights.
    """
    asked, found = name.strip().casefold(), list[str]()
    of_weights = asked.startswith(OWNER) or ":" in asked
    candidates = [known for known in model_names() if "/" in known or not of_weights]
    for left_out in ("", INSTRUCT):
        wanted = shortened(asked, left_out)
        found = found or [known for known in candidates if shortened(known, left_out) == wanted]
    specs = dict.fromkeys(map(get_model, found))
    if len(specs) == 1:
        return next(iter(specs))
    near = dict.fromkeys([*found, *nearest_names(name, model_names())])
    is_path = os.path.lexists(name)
    raise UnknownModelError(name, list(near)[:3], is_path=is_path)


@cache
def _by_name(name: str) -> ModelSpec | None:
    """Return the model of that name or alias; `None` where there is none."""
    for file in names("families"):
        if name in text_of("families", file):  # in no other can it be, so no other is parsed
            for known, row in table_of("families", file)["models"].items():
                if name in (known, *row.get("aliases", ())):
                    return _model(file, known)
    return None


@cache
def _model(file: str, name: str) -> ModelSpec:
    return _read_model(table_of("families", file), name, file)


def _read_model(table: Table, name: str, where: str) -> ModelSpec:
    try:
        return _build_model(table, name)
    except KeyError as error:
        raise ModelFileError(where, f"models.{name}: nothing is called {error}") from error
    except (AttributeError, TypeError, ValueError) as error:  # a value where a table should be
        raise ModelFileError(where, str(error)) from error


def _build_model(table: Table, name: str) -> ModelSpec:
    where = f"models.{name}"
    fields = {"name": name, **table.get("defaults", {}), **table["models"][name]}
    rules = fields.pop("rules", {})
    fields["rule_sets"] = tuple(
        _build_rules(key, part, f"{where}.rules.{key}") for key, part in rules.items()
    )
    if "price_list" in fields:
        fields["prices"] = table["price_lists"][fields.pop("price_list")]
    return build(ModelSpec, _filled(fields, SHARED), where)


def _build_rules(name: str, part: Table, where: str) -> RuleSet:
    file = rule_file(name)
    usual = {"prompt": "default"} if "default" in file.get("prompt", {}) else {}
    heads = _HEADS | {key: file[key] for key in _HEAD_KEYS if key in file}
    classes = {
        **{key: file.get(key, {}) for key in PARTS},
        "video_files": SHARED["video_files"],
    }
    fields = _filled({"name": name, **heads, **usual, **part}, classes)
    for key in ("image", "video"):
        if key in fields:
            fields[key] = _with_readings(fields[key], file.get("readings", {}))
    if "first" in file:
        fields["image"] = {"first": file["first"], **fields["image"]}
    return build(RuleSet, fields, where)


def _with_readings(rule: Table, readings: Table) -> Table:
    """Put what a rule set says otherwise in the place of its names."""
    named = rule.get("readings", ())
    return {**rule, "readings": [_filled({"it": one}, {"it": readings})["it"] for one in named]}


def _filled(fields: Table, kinds: Mapping[str, Table]) -> dict[str, Any]:
    """Put what a field names in the place of its name; what is written out stands.

    `kinds` has the tables of what can be named, by field.
    """
    return {
        key: kinds[key][value] if isinstance(value, str) and key in kinds else value
        for key, value in fields.items()
    }


_HEADS = {"title": "a model file", "date": "undated"}
_HEAD_KEYS = ("title", "date", "verified", "notes", "unbuilt", "takes_sizes")
