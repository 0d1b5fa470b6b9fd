"""`vlprep models`: the catalogue."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from vlprep.cli.command import Command
from vlprep.cli.render import note, print_json, print_table, source_lines
from vlprep.cli.terminal import say
from vlprep.cli.text import flagged, safe, thousands
from vlprep.errors import UnknownModelError
from vlprep.models.citing import cite

if TYPE_CHECKING:
    from vlprep.models.features import FreeQuota, StatedNumber
    from vlprep.models.registry import Models
    from vlprep.models.service import VideoFiles
    from vlprep.models.spec import BoxRule, ImageRule, ModelSpec, Price, Prompt, RuleSet, VideoRule


@click.command(name="models", cls=Command, takes_defaults=False)
@click.argument("name", required=False)
@click.option("--model-file", metavar="FILE", help="Show a model of your own: TOML or a folder.")
@click.option("--sources", is_flag=True, help="List the sources, with dates and addresses.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(*, name: str | None, model_file: str | None, sources: bool, as_json: bool) -> int:
    """List the models, or show one with all its numbers and where they come from.

    The beginning of names lists those that begin so. Sources are those of the models named, or
    all of the catalogue, those of limits and routes too.

    \b
    vlprep models
    vlprep models qwen3-vl-plus
    vlprep models qwen2.5-vl
    vlprep models qvq-max --sources
    """
    from vlprep.models.document import cited_by
    from vlprep.models.registry import list_models, list_sources

    specs = list_models() if name is None and model_file is None else _named(name, model_file)
    if as_json:
        print_json(specs.to_dict())
    elif sources:
        of_all = name is None and model_file is None
        keys = (source.id for source in list_sources()) if of_all else cited_by(specs)
        say(*source_lines(keys))
    elif len(specs) > 1:
        _print_list(specs)
    else:
        say(*_page(specs[0]))
    for spec in specs if len(specs) == 1 else ():
        for warning in spec.warnings:
            note(f"warning: {spec.name}: {warning}")
    return 0


def _named(name: str | None, model_file: str | None) -> Models:
    """Return the model of that name, or else those whose names begin so."""
    from vlprep.models.registry import Models, models_named, resolve_model

    try:
        return Models([resolve_model(name, model_file)])
    except UnknownModelError:
        begin_so = models_named(name) if name and model_file is None else ()
        if not begin_so:
            raise
        return begin_so


def _print_list(specs: tuple[ModelSpec, ...]) -> None:
    rows = []
    for spec in specs:
        rule_set = spec.rules()
        rule = rule_set.image or rule_set.video
        side = f"{rule.factor}x{rule.factor}" if rule else "–"
        row = (spec.name, spec.family, side, rule_set.name, thousands(spec.input_limit()))
        rows.append(row)
    print_table(HEADINGS, rows, left=2, drop=MAY_GO)


MAY_GO = ("family", "rules", "token", "largest input")
HEADINGS = ("model", "family", "token", "rules", "largest input")


def _page(spec: ModelSpec) -> Iterator[str]:
    yield f"{safe(spec.name)} · {spec.family}, {_KINDS[spec.kind]}"
    if spec.aliases:
        yield f"  also      {', '.join(spec.aliases)}"
    if spec.deployments:
        yield f"  served    {', '.join(spec.deployments)}"
    for pointer in spec.points_to:
        place = f" in {pointer.deployment}" if pointer.deployment else ""
        yield f"  points to {pointer.snapshot}{place} {cite((pointer.source,))}"
    yield f"  thinks    {_thinking(spec)}"
    yield from _windows(spec)
    yield from _service_lines(spec)
    yield from _box_lines(spec.boxes)
    for note_text in spec.notes:
        yield f"  note      {flagged(note_text)}"
    yield from _feature_lines(spec)
    for rule_set in spec.rule_sets:
        yield from _rule_set_lines(spec, rule_set)
    yield from _price_lines(spec.prices)


def _video_files(files: VideoFiles) -> str:
    return (
        f"{files.min_seconds:g} to {files.max_seconds:,.0f} s; from a URL up to "
        f"{files.max_url_bytes / 1e6:,.0f} MB {cite(files.all_sources)}"
    )


def _service_lines(spec: ModelSpec) -> Iterator[str]:
    """Yield what the service takes and says of this model alone."""
    if spec.video_files is not None:
        yield f"  videos    {_video_files(spec.video_files)}"
    if (images := spec.url_files) is not None:
        most = images.max_request_images
        many = "" if most is None else f", {most:,} a request by URL or path"
        size = f"from a URL up to {images.max_url_image_bytes / 1e6:,.0f} MB"
        yield f"  images    {size}{many} {cite(images.all_sources)}"
    if (area := spec.localisation) is not None:
        pixels = f"{area.min_pixels:,} to {area.max_pixels:,} pixels"
        yield f"  finding   reliable from {pixels} {cite(area.sources)}"
    if (rules := spec.requests) is not None:
        streaming = f"{rules.streaming} {cite(rules.sources_of('streaming'))}"
        message = f"{rules.system_message} {cite(rules.sources_of('system_message'))}"
        yield f"  requests  streaming {streaming}; system message {message}"


def _box_lines(boxes: BoxRule | None) -> Iterator[str]:
    if boxes is None:
        yield "  boxes     not stated; `vlprep boxes` asks for --convention"
        return
    yield f"  boxes     {boxes.convention} {cite(boxes.sources)}"
    if boxes.note:
        yield f"  note      {boxes.note}"


_KINDS = {"api": "served by API", "open-weights": "open weights"}

_WINDOWS = {
    "context_tokens": "context",
    "max_input_tokens": "largest input",
    "max_input_thinking_tokens": "largest input, thinking",
    "max_thinking_tokens": "longest chain of thought",
    "max_reply_tokens": "longest reply",
    "max_image_tokens": "most tokens of an image",
}


def _thinking(spec: ModelSpec) -> str:
    if spec.thinking is None:
        return "not stated"
    if spec.thinking != "optional" or spec.thinks_by_default is None:
        return spec.thinking
    return f"{spec.thinking}, {'on' if spec.thinks_by_default else 'off'} by default"


def _windows(spec: ModelSpec) -> Iterator[str]:
    known = {field: value for field in _WINDOWS if (value := getattr(spec, field)) is not None}
    for field, value in known.items():
        yield f"  {_WINDOWS[field]:<25} {value:>10,} {cite(spec.sources_of(field))}"
    if not known:
        yield f"  windows: not stated {cite(spec.sources)}"


def _rule_set_lines(spec: ModelSpec, rule_set: RuleSet) -> Iterator[str]:
    force = " (in force unless --rules says otherwise)" if _is_default(spec, rule_set) else ""
    yield ""
    yield f"rules {rule_set.name}{force}"
    checked = f"; checked by running {rule_set.verified}" if rule_set.verified else ""
    yield f"  {rule_set.title}, {rule_set.date}{checked}"
    for note_text in rule_set.notes:
        yield f"  note      {note_text}"
    if rule_set.video_files is not None:
        yield f"  videos    {_video_files(rule_set.video_files)}"
    default = spec.rules()
    for label, rule, usual in (
        ("image", rule_set.image, default.image),
        ("video", rule_set.video, default.video),
    ):
        if rule is None:
            refusal = rule_set.image_refusal if label == "image" else rule_set.video_refusal
            unbuilt = label == "video" and rule_set.unbuilt
            why = ": ".join(refusal) or ("not built" if unbuilt else "not stated")
            yield f"  {label}: {why}"
            continue
        yield f"  {label} {cite(rule.sources)}"
        yield from _numbers(rule, None if _is_default(spec, rule_set) else usual)
    yield from _prompt_lines(rule_set.prompt)


def _prompt_lines(prompt: Prompt) -> Iterator[str]:
    steps = f", {prompt.step_markers} a frame pair" if prompt.step_markers else ""
    text = ", timestamps as text" if prompt.timestamps else ""
    yield (
        f"  markers: {prompt.image_markers} an image, {prompt.video_markers} a video{steps}{text} "
        f"{cite(prompt.sources)}"
    )
    if prompt.note:
        yield f"  note      {prompt.note}"


def _is_default(spec: ModelSpec, rule_set: RuleSet) -> bool:
    return rule_set.name == spec.default_rules


def _numbers(rule: ImageRule | VideoRule, usual: ImageRule | VideoRule | None) -> Iterator[str]:
    """Show every number of a rule; a star marks those that differ from the rule in force.

    Sources of a number are named where they are not the rule's.
    """
    from dataclasses import fields

    from vlprep.models.spec import ImageRule

    for field in fields(rule):
        value = getattr(rule, field.name)
        if value is None or field.name in _BESIDE:
            continue
        differs = usual is not None and getattr(usual, field.name) != value
        shown = f"{value:,}" if type(value) is int else _TRUTH.get(value, str(value))
        area = field.name.endswith("_pixels") and field.name != "min_side_pixels"
        tokens = f" = {value / rule.factor**2:,.0f} tokens" if area else ""
        sources = rule.sources_of(field.name)
        own = f" {cite(sources)}" if sources != rule.sources else ""
        yield f"  {'*' if differs else ' '} {field.name:<20} {shown}{tokens}{own}"
    if isinstance(rule, ImageRule) and rule.first is not None:
        first = rule.first
        pixels = f"{first.min_pixels:,} to {first.max_pixels:,} pixels"
        yield f"    before that: {first.resize}, {pixels} {cite(first.sources)}"
    for reading in rule.readings:
        yield f"    otherwise: {reading.says} {cite(reading.sources)}"


_TRUTH = {True: "yes", False: "no"}

_BESIDE = {"sources", "cited", "readings", "first", "cap_can_fall"}
"""Fields of a rule that are no numbers."""


def _feature_lines(spec: ModelSpec) -> Iterator[str]:
    """Yield what documents say of a model, a line a fact, each with its sources."""
    facts = spec.features
    if facts.deaf_sources:
        yield f"  sound     not heard {cite(facts.deaf_sources)}"
    if spec.video_ticket_sources:
        yield f"  videos    needed a ticket to the vendor first {cite(spec.video_ticket_sources)}"
    rates = {"counts": facts.rate_sources, "has no effect": facts.no_rate_sources}
    said = "; ".join(f"{what} {cite(sources)}" for what, sources in rates.items() if sources)
    if said:
        yield f"  list rate {said}"
    if facts.advised_pixels:
        yield f"  advised   at most {_stated(facts.advised_pixels)} pixels an image"
    for one in facts.capabilities:
        yield f"  can       {one.name}: {one.says} {cite(one.sources)}"
    for quota in facts.quotas:
        yield f"  free      {_quota(quota)}"
    yield from _address_lines(spec)
    yield from _sdk_lines(spec)


def _stated(stated: Sequence[StatedNumber]) -> str:
    return " or ".join(f"{one.number:,} {cite(one.sources)}" for one in stated)


def _quota(quota: FreeQuota) -> str:
    days = f" for {quota.days} days" if quota.days else ""
    place = f", {quota.deployment} alone" if quota.deployment else ""
    return f"{quota.tokens:,} tokens{days}{place} {cite(quota.sources)}"


def _address_lines(spec: ModelSpec) -> Iterator[str]:
    from vlprep.models.document import regions_of

    for name, region in regions_of(spec).items():
        if region is None:
            yield f"  address   {name}: not stated"
            continue
        for api, base in region.bases.items():
            yield f"  address   {name}, {api}: {base} {cite(region.sources)}"


def _sdk_lines(spec: ModelSpec) -> Iterator[str]:
    from vlprep.models.document import sdks_of

    for api, sdks in sdks_of(spec).items():
        for sdk in sdks:
            what = f"{sdk.language} {sdk.version} for {sdk.needed_for or 'media'}"
            yield f"  SDK       {api}, {what} {cite(sdk.sources)}"


def _price_lines(prices: tuple[Price, ...]) -> Iterator[str]:
    if prices:
        yield ""
        yield "list prices, input / output"
    for price in prices:
        for tier in price.tiers:
            bound = f" up to {tier.up_to}" if tier.up_to else ""
            yield (
                f"  {price.deployment}{bound}: {tier.input:g} / {tier.output:g} {price.currency} "
                f"per {price.per_tokens:,} tokens {cite(price.sources)}"
            )
