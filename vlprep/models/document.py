"""Models as documented JSON: every number, where it was read, and how their requests are made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, fields, is_dataclass
from itertools import chain
from typing import Any

from vlprep.models.asking import Region
from vlprep.models.registry import find_region, find_source, list_apis
from vlprep.models.routes import SdkVersion
from vlprep.models.spec import ModelSpec


def models_document(specs: Iterable[ModelSpec]) -> dict[str, Any]:
    """Return the document of `vlprep.models/1`.

    >>> from vlprep import list_models
    >>> sorted(list_models().to_dict())
    ['models', 'schema', 'sources']
    """
    specs = list(specs)
    found = {key: find_source(key) for key in cited_by(specs)}
    return {
        "schema": "vlprep.models/1",
        "models": [model_entry(spec) for spec in specs],
        "sources": {key: asdict(source) for key, source in found.items() if source},
    }


def model_entry(spec: ModelSpec) -> dict[str, Any]:
    """Return the model's entry of that document."""
    return {
        **asdict(spec),
        "rule_sets": {rules.name: asdict(rules) for rules in spec.rule_sets},
        "regions": {name: one and asdict(one) for name, one in regions_of(spec).items()},
        "sdks": {api: list(map(asdict, sdks)) for api, sdks in sdks_of(spec).items()},
    }


def regions_of(spec: ModelSpec) -> dict[str, Region | None]:
    """Return where the requests of each deployment go; `None` where no source states it."""
    return {name: find_region(name) for name in spec.deployments}


def sdks_of(spec: ModelSpec) -> dict[str, list[SdkVersion]]:
    """Return the releases of SDKs that a model needs, by the API that they are for."""
    if spec.kind == "open-weights":
        return {}
    may_think = spec.thinking in ("always", "optional")
    needs = {None, "list rate", spec.features.series, "thinking" if may_think else None}
    return {api.name: [sdk for sdk in api.sdks if sdk.needed_for in needs] for api in list_apis()}


def cited_by(specs: Iterable[ModelSpec]) -> list[str]:
    """Return every source of some models, whatever part of their records cites it."""
    parts = ((spec, *regions_of(spec).values(), *chain(*sdks_of(spec).values())) for spec in specs)
    return sorted(set(chain.from_iterable(map(_sources_in, parts))))


def _sources_in(record: object) -> Iterator[str]:
    """Walk records and those within them: sources stand in fields of these names."""
    if isinstance(record, tuple):
        for item in record:
            yield from _sources_in(item)
    for field in fields(record) if is_dataclass(record) else ():
        value = getattr(record, field.name)
        if field.name.endswith("sources"):
            yield from value
        else:
            yield from [value] if field.name == "source" else _sources_in(value)
