"""The recipes for data engines as they stand on the page, with plain stand-ins for base classes."""

import re
import sys
from types import ModuleType, SimpleNamespace

import pytest

from tests.places import FIXTURES, REPO
from vlprep.batch import CountTokens

RECIPES = (REPO / "docs" / "recipes.md").read_text("utf-8")
PHOTO, CLIP = str(FIXTURES / "photo.jpg"), str(FIXTURES / "clip.mp4")


def defined(name):
    """Return what a block of the page defines under a name."""
    blocks = re.findall(r"^```py\n(.*?)^```$", RECIPES, re.DOTALL | re.MULTILINE)
    (code,) = (text for text in blocks if f"class {name}" in text)
    names = {"__name__": "recipe"}
    exec(code, names)
    return names[name]


@pytest.fixture
def stand_in(monkeypatch):
    monkeypatch.setitem(sys.modules, "recipe", ModuleType("recipe"))

    def put(path, **names):
        parts = path.split(".")
        for end in range(1, len(parts) + 1):
            name = ".".join(parts[:end])
            if name not in sys.modules:
                monkeypatch.setitem(sys.modules, name, ModuleType(name))
        vars(sys.modules[path]).update(names)

    return put


def test_a_filter_of_data_juicer(stand_in):
    class Filter:
        def __init__(self, image_key="images", video_key="videos"):
            self.image_key, self.video_key = image_key, video_key

    operators = SimpleNamespace(register_module=lambda name: lambda kind: kind)
    stand_in("data_juicer.ops.base_op", OPERATORS=operators, Filter=Filter)
    stand_in("data_juicer.utils.constant", Fields=SimpleNamespace(stats="__stats__"))
    operator = defined("VisionTokenFilter")("qwen3-vl-plus", max_num=302)
    samples = ({"images": [PHOTO]}, {"images": [PHOTO], "videos": [CLIP]}, {}, {"images": ["no"]})
    done = [operator.compute_stats_single({**sample, "__stats__": {}}) for sample in samples]
    assert [one["__stats__"]["vision_tokens"] for one in done] == [302, 424, 0, None]
    assert list(map(operator.process_single, done)) == [True, False, True, False]
    assert done[3]["__stats__"]["vision_errors"]


def test_a_stage_of_curator(stand_in):
    class ProcessingStage:
        def __class_getitem__(cls, kinds):
            return cls

    stand_in("nemo_curator.stages.base", ProcessingStage=ProcessingStage)
    stand_in("nemo_curator.tasks.video", VideoTask=object)
    stage = defined("VisionTokenStage")(model="qwen3-vl-plus", max_tokens=500)
    names = ("clip.mp4", "street.mp4", "no_moov.mp4")
    clips = [SimpleNamespace(buffer=(FIXTURES / name).read_bytes(), errors={}) for name in names]
    clips.append(SimpleNamespace(buffer=None, errors={}))
    task = SimpleNamespace(data=SimpleNamespace(clips=clips, filtered_clips=[]))
    video = stage.process(task).data
    assert video.clips == clips[:1]
    assert video.filtered_clips == clips[1:]
    assert video.filtered_clips[0].errors == {"vision_tokens": "2,202 tokens"}
    assert all(clip.errors["vision_tokens"] for clip in clips[1:])


def test_a_loader_of_torch():
    data = pytest.importorskip("torch.utils.data", reason="torch is two gigabytes")
    count = CountTokens("qwen3-vl-plus")
    loader = data.DataLoader(
        [PHOTO, CLIP, "no"], 2, collate_fn=lambda paths: count({"path": paths})
    )
    assert [batch["tokens"] for batch in loader] == [[302, 122], [None]]
