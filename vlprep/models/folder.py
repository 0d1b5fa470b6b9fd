"""Find the tables of a Hugging Face folder and the classes that transformers 5.24 loads from them.

Images and videos are decided apart. For each the nested table of `processor_config.json` comes
first, then the flat files; the first that is there is taken whole, without a look at the others.
The class is the one that the table names, or what its image class or the `model_type` of
`config.json` stands for. What the numbers of a table mean is in `huggingface`.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from vlprep.errors import ModelFileError
from vlprep.parsing import parse_json, read_small

Table = Mapping[str, Any]
Part = Literal["image", "video"]

NESTED, FLAT, VIDEO, CONFIG = (
    "processor_config.json",
    "preprocessor_config.json",
    "video_preprocessor_config.json",
    "config.json",
)
ADAPTER = "adapter_config.json"
FILES = (NESTED, FLAT, VIDEO, CONFIG, ADAPTER)
"""Any of these stands for its folder."""

FLAT_FILES: Mapping[Part, tuple[str, ...]] = {"image": (FLAT,), "video": (VIDEO, FLAT)}
"""Where the numbers are when no nested table has them, the first that is there."""

_GGUF = "GGUF files are not read: give the folder of the weights that they were made of"
_CACHED = "models--"
"""How folders of the hub's cache begin: models--OWNER--NAME/snapshots/COMMIT."""

_PROCESSOR_FILES = (NESTED, FLAT, "tokenizer_config.json", CONFIG)
"""Where the class around both is named, the first that names one."""


@dataclass(frozen=True, slots=True)
class Config:
    """A table of numbers, and where in the folder it stands."""

    file: Path
    """The file."""
    nested: str
    """Key of the table in the file; empty where it is the file."""
    values: Table
    """What it says."""

    def refuse(self, key: str, problem: str) -> ModelFileError:
        """Return the error for a key of the table, in the words of the file."""
        return ModelFileError(str(self.file), f"{self.nested and self.nested + '.'}{key} {problem}")

    @property
    def name(self) -> str:
        """What a reader finds it by."""
        return f"{self.nested} of {self.file.name}" if self.nested else self.file.name


class Folder:
    """The files of a model folder, read when they are asked for.

    `tables` are those of `catalog/loading.toml`. A JSON file of another name stands alone.
    """

    def __init__(self, path: Path, tables: Mapping[str, Table]) -> None:
        self.path = path = _snapshot(path)
        self.tables = tables
        alone = path.is_file() and path.name not in FILES
        self._root = path if path.is_dir() else path.parent
        self._alone = self._lone_table() if alone else None
        self._read: dict[str, Table | None] = {}
        self.model_type: Table = tables["model_types"].get(self.type_name, {})

    @property
    def config(self) -> Table:
        """What `config.json` says."""
        return self._file(CONFIG) or {}

    @property
    def type_name(self) -> str:
        """The `model_type`; empty where none is stated."""
        name = self.config.get("model_type")
        return name if isinstance(name, str) else ""

    @property
    def name(self) -> str:
        """What the model is called."""
        whole = self._root.resolve()
        for folder in (whole, *whole.parents):
            if folder.name.startswith(_CACHED):
                return folder.name.removeprefix(_CACHED).replace("--", "/")
        name = self.config.get("_name_or_path")
        return name if name and isinstance(name, str) else whole.name

    @property
    def processor(self) -> Table:
        """What is known of the class around both, by its name or else by the model type."""
        named = next(filter(None, map(self._processor_name, _PROCESSOR_FILES)), None)
        known: Mapping[str, Table] = self.tables["processors"]
        found = known.get(named) if isinstance(named, str) else None
        return found or self._own_processor

    @property
    def is_own_processor(self) -> bool:
        """Whether the class around both is the one of the model type."""
        return bool(self._own_processor) and self.processor == self._own_processor

    @property
    def _own_processor(self) -> Table:
        found: Table = self.tables["processors"].get(self.model_type.get("processor", ""), {})
        return found

    def _processor_name(self, file: str) -> Any:
        try:
            return (self._file(file) or {}).get("processor_class")
        except ModelFileError:
            return None  # no number hangs on it

    def table(self, part: Part) -> Config:
        """Return the table that a part is loaded from; raises `ModelFileError` where none is."""
        nested = self._nested(part)
        if nested is not None:
            return nested
        flat = self._flat(part)
        if flat is None:
            files = " or ".join(FLAT_FILES[part])
            problem = f"no numbers for {part}s: no {part}_processor in {NESTED}, and no {files}"
            raise ModelFileError(str(self.path), problem + self._instead())
        return flat

    def _instead(self) -> str:
        """Say what a folder without numbers holds, and whose numbers are wanted then."""
        base = (self._file(ADAPTER) or {}).get("base_model_name_or_path")
        if isinstance(base, str):
            return f"; it is an adapter of {base!r}: give that name as `model`, or its folder"
        if any(self._root.glob("*.gguf")):
            return f"; {_GGUF}"
        return "; download one of these files too"

    def passed_over(self, part: Part) -> Config | None:
        """Return the table that would count if the nested one were not there."""
        if self._nested(part) is None:
            return None
        try:
            return self._flat(part)
        except ModelFileError:
            return None  # not read by the reference either

    def class_of(self, table: Config, part: Part) -> str:
        """Return the class that a table is loaded by; raises `ModelFileError` if none is known."""
        return self._image_class(table) if part == "image" else self._video_class(table)

    def _image_class(self, table: Config) -> str:
        known, key = self.tables["image_classes"], "image_processor_type"
        name = _named(table, key)
        if name is None:
            name = _renamed(table, "FeatureExtractor", "ImageProcessor") or self._config_class(key)
        if name is None:
            return self._by_model_type(table, "image")
        bare = name.removesuffix("Fast").removesuffix("Pil")
        found: str = self.tables["former_names"].get(bare, bare)
        if found not in known:
            raise table.refuse(key, f"{name!r} is not of a Qwen processor: {_either(known)} is")
        return found

    def _video_class(self, table: Config) -> str:
        known, key = self.tables["video_classes"], "video_processor_type"
        name = _named(table, key)
        if name is None:
            inferred = _renamed(table, "ImageProcessor", "VideoProcessor")
            is_one = inferred in known or inferred in self.tables["other_video_classes"]["names"]
            name = inferred if is_one else self._config_class(key)
        if name is None:
            return self._by_model_type(table, "video")
        if name not in known:
            raise table.refuse(key, f"{name!r} is not of a Qwen processor: {_either(known)} is")
        return name

    def _config_class(self, key: str) -> str | None:
        name = self.config.get(key)
        return name if isinstance(name, str) else None

    def _by_model_type(self, table: Config, part: Part) -> str:
        if part in self.model_type:
            found: str = self.model_type[part]
            return found
        stated = f"says {self.type_name!r}" if self.type_name else "is not stated"
        problem = f"names no class of a Qwen processor, and model_type of {CONFIG} {stated}"
        raise table.refuse(f"{part}_processor_type", problem)

    def former_name(self, table: Config) -> str | None:
        """Return the image class that a table names by a name which transformers does not have."""
        name = _named(table, "image_processor_type")
        bare = (name or "").removesuffix("Fast")
        return name if bare in self.tables["former_names"] else None

    def _nested(self, part: Part) -> Config | None:
        key = f"{part}_processor"
        values = (self._file(NESTED) or {}).get(key)
        if values is None:
            return None
        if not isinstance(values, dict):
            problem = f"{key} is {shown(values)}, not a table"
            raise ModelFileError(str(self._where(NESTED)), problem)
        return Config(self._where(NESTED), key, values)

    def _flat(self, part: Part) -> Config | None:
        for file in FLAT_FILES[part]:
            values = self._file(file)
            if values is not None:
                return Config(self._where(file), "", values)
        return None

    def _where(self, file: str) -> Path:
        return self.path if self._alone else self._root / file

    def _file(self, name: str) -> Table | None:
        if self._alone:
            return self._alone[1] if name == self._alone[0] else None
        if name not in self._read:
            self._read[name] = _read_json(self._root / name)
        return self._read[name]

    def _lone_table(self) -> tuple[str, Table]:
        """Return a file of another name as the one that it can stand for."""
        if self.path.suffix == ".gguf":
            raise ModelFileError(str(self.path), _GGUF)
        if self.path.suffix == ".safetensors":
            raise ModelFileError(str(self.path), "weights are not read: give their folder")
        values = _read_json(self.path) or {}
        classes = [str(name) for key, name in values.items() if key.endswith(("_type", "_class"))]
        parts = [part for part in ("image_processor", "video_processor") if part in values]
        known = {name for kind in _CLASS_KINDS for name in self.tables[kind]}
        if not parts and not any(name.removesuffix("Fast") in known for name in classes):
            problem = f"names no class of a Qwen processor; looked for {', '.join(sorted(known))}"
            raise ModelFileError(str(self.path), f"is none of {', '.join(FILES)}, and {problem}")
        return (NESTED if parts else VIDEO if "video_processor_type" in values else FLAT), values


_CLASS_KINDS = ("image_classes", "video_classes", "former_names", "processors")


def _named(table: Config, key: str) -> str | None:
    name = table.values.get(key)
    if name is not None and not isinstance(name, str):
        raise table.refuse(key, f"is {shown(name)}, not the name of a class")
    return name


def _renamed(table: Config, old: str, new: str) -> str | None:
    """Return the class that a related class of the table stands for by its name."""
    key = {"FeatureExtractor": "feature_extractor_type"}.get(old, "image_processor_type")
    name = _named(table, key)
    return None if name is None else name.replace(old, new)


def _either(names: Table) -> str:
    return " or ".join(names)


def shown(value: Any) -> str:
    """Return a value as it stands in the file, shortened."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _snapshot(path: Path) -> Path:
    """Return the snapshot that a model of the hub's cache stands for: of its main branch."""
    main = path / "refs" / "main"
    if not (path.name.startswith(_CACHED) and main.is_file()):
        return path
    snapshot = path / "snapshots" / Path(read_small(main).decode(errors="replace").strip()).name
    return snapshot if snapshot.is_dir() else path


def _read_json(path: Path) -> Table | None:
    if not path.is_file():
        return None
    try:
        table = parse_json(_utf8(read_small(path)))
    except ValueError as error:
        raise ModelFileError(str(path), f"not valid JSON: {error}") from error
    if not isinstance(table, dict):
        raise ModelFileError(str(path), f"is {shown(table)}, not a JSON object")
    return table


def _utf8(content: bytes) -> str:
    """Return text as the reference reads it, which knows no other encoding."""
    if content.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ValueError("begins with a byte order mark; save it as UTF-8 without one")
    return content.decode()
