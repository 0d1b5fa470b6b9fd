"""Defaults of options: where they come from, which one wins, and what is wrong with them."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.places import FIXTURES
from vlprep.cli import COMMANDS
from vlprep.cli.config import _params
from vlprep.cli.settings import KEYS

PHOTO, STREET = str(FIXTURES / "photo.jpg"), str(FIXTURES / "street.mp4")


@pytest.fixture
def here(run, tmp_path, monkeypatch):
    """A folder in a project, away from all settings of whoever runs the tests."""
    place = tmp_path / "project" / "deep" / "inside"
    place.mkdir(parents=True)
    monkeypatch.chdir(place)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return place


def settings(run):
    return {
        row["option"]: (row["value"], row["origin"])
        for row in run("config", "--json").json["settings"]
    }


def model_of(run, *words):
    return run("tokens", PHOTO, *words, "--json").json["model"]


def test_nothing_is_set_but_the_model_that_is_built_in(run, here):
    assert settings(run) == {"model": ("qwen3-vl-plus", "built in")}


def test_the_levels_from_the_lowest_to_the_command_line(run, here, tmp_path, monkeypatch):
    user = tmp_path / "home" / ".config" / "vlprep" / "config.toml"
    user.parent.mkdir(parents=True)
    user.write_text('model = "qvq-plus"\nmax-pixels = 100000\n')
    assert model_of(run) == "qvq-plus"
    project = tmp_path / "project" / "pyproject.toml"
    project.write_text('[project]\nname = "x"\n[tool.vlprep]\nmodel = "qvq-max"\n')
    assert model_of(run) == "qvq-max"
    assert settings(run) == {
        "model": ("qvq-max", f"{project} [tool.vlprep]"),
        "max-pixels": ("100000", str(user)),
    }
    nearer = here / "vlprep.toml"
    nearer.write_text('model = "qwen-vl-max"\n')
    assert model_of(run) == "qwen-vl-max"
    monkeypatch.setenv("VLPREP_MODEL", "qwen3-vl-flash")
    assert model_of(run) == "qwen3-vl-flash"
    assert settings(run)["model"] == ("qwen3-vl-flash", "VLPREP_MODEL")
    assert model_of(run, "-m", "qwen-vl-plus") == "qwen-vl-plus"
    item = run("tokens", PHOTO, "--json").json["items"][0]
    assert item["resized_height"] * item["resized_width"] <= 100_000


def test_xdg_names_the_folder_and_no_home_is_no_error(run, here, tmp_path, monkeypatch):
    (tmp_path / "x" / "vlprep").mkdir(parents=True)
    (tmp_path / "x" / "vlprep" / "config.toml").write_text('model = "qvq-max"\n')
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "x"))
    assert model_of(run) == "qvq-max"
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.delenv("HOME")
    assert model_of(run) == "qwen3-vl-plus"


def test_a_file_without_the_table_is_passed_over_for_one_that_has_it(run, here, tmp_path):
    (here / "pyproject.toml").write_text('[project]\nname = "inner"\n')
    (tmp_path / "project" / "vlprep.toml").write_text("fps = 1\n")
    assert run("tokens", STREET, "--json").json["items"][0]["frames"] == 10


def test_the_command_line_takes_the_place_of_what_excludes_it(run, here):
    open_weights = "Qwen/Qwen3-VL-8B-Instruct"
    (here / "vlprep.toml").write_text(f'model = "{open_weights}"\nserver = "vllm"\nfps = 1\n')
    assert run("tokens", STREET, "--json").json["items"][0]["frames"] == 10
    (here / "vlprep.toml").write_text(f'model = "{open_weights}"\nfps = 1\n')
    assert run("tokens", STREET, "--nframes", 6, "--json").json["items"][0]["frames"] == 6
    (here / "vlprep.toml").write_text('model = "qvq-max"\nrules = "api-2026"\n')
    assert run("tokens", PHOTO, "--json").json["rules"] == "api-2026"
    # Rules of another model go with it.
    assert run("tokens", PHOTO, "-m", open_weights, "--json").json["rules"] == "transformers"
    folder = FIXTURES.parent / "tests" / "models" / "fine-tune"
    assert run("tokens", PHOTO, "--model-file", folder, "--json").json["model"] == "fine-tune"


def test_a_model_file_lies_beside_the_settings(run, here, tmp_path):
    folder = FIXTURES.parent / "tests" / "models" / "fine-tune"
    (tmp_path / "project" / "fine-tune").symlink_to(folder)
    (tmp_path / "project" / "vlprep.toml").write_text('model-file = "fine-tune"\n')
    assert model_of(run) == "fine-tune"
    assert model_of(run, "-m", "qvq-max") == "qvq-max"


def test_flags_are_true_or_false(run, here, monkeypatch):
    (here / "vlprep.toml").write_text("high_res = true\nquiet = true\n")
    counted = run("tokens", PHOTO, "--json")
    assert counted.json == run("tokens", PHOTO, "--high-res", "--json").json
    monkeypatch.setenv("VLPREP_HIGH_RES", "false")
    assert settings(run)["high-res"] == ("false", "VLPREP_HIGH_RES")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('modle = "qvq-max"', "modle cannot be set; did you mean model?"),
        ("output = 1", "output cannot be set; there are model, "),
        ("force = true", "force cannot be set"),
        ("fps = -1", "fps: '-1' is not a rate above zero"),
        ('max-pixels = "many"', "max-pixels: 'many' is not a whole number"),
        ("fps = [1]", "fps: a text, a number, true or false is wanted"),
        ('sampling = "random"', "sampling: 'random' is not one of"),
        ("fps = ", "not valid TOML"),
    ],
)
def test_a_bad_file_is_named_with_the_key(run, here, text, told):
    file = here / "vlprep.toml"
    file.write_text(text)
    for words in (("tokens", PHOTO), ("config",)):
        ran = run(*words)
        assert (ran.code, ran.out) == (2, "")
        assert f"{file}: {told}" in ran.err
    assert run("tokens", "--help").code == 0


def test_a_bad_variable_is_named_and_an_unknown_one_is_told(run, here, monkeypatch):
    monkeypatch.setenv("VLPREP_FPS", "fast")
    assert "VLPREP_FPS: fps: 'fast' is not a rate" in run("tokens", PHOTO).err
    monkeypatch.delenv("VLPREP_FPS")
    monkeypatch.setenv("VLPREP_MODLE", "qvq-max")
    assert run("config").err == "warning: VLPREP_MODLE: no option can be set so\n"


def test_completion_goes_on_with_a_bad_file(here):
    (here / "vlprep.toml").write_text("fps = ")
    words = {
        "_VLPREP_COMPLETE": "bash_complete",
        "COMP_WORDS": "vlprep tokens --js",
        "COMP_CWORD": "2",
    }
    program = "from vlprep.cli import main; main(prog_name='vlprep')"
    found = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, **words}, cwd=here,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "--json" in found.stdout and "Traceback" not in found.stderr


def test_the_catalogue_and_help_take_no_defaults(run, here):
    (here / "vlprep.toml").write_text('model = "qvq-max"\n')
    assert len(run("models", "--json").json["models"]) > 80
    assert run("help").code == 0


@pytest.mark.parametrize("key", KEYS)
def test_every_key_is_an_option_of_a_command(key):
    assert _params(key)


def test_no_toml_is_read_where_there_is_no_file(here, monkeypatch):
    program = (
        "import sys; from vlprep.cli.settings import read_settings; assert read_settings() == {}; "
        "assert 'tomllib' not in sys.modules"
    )
    (here / "pyproject.toml").write_text('[project]\nname = "x"\n')
    subprocess.run([sys.executable, "-c", program], check=True, cwd=here)


# Help.


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_by_name(run, name):
    assert run("help", name).out == run(name, "--help").out


def test_help_of_none_is_the_list_and_of_another_an_error(run):
    assert run("help").out == run("--help").out
    ran = run("help", "tokenz")
    assert (ran.code, "there are tokens, plan" in ran.err) == (2, True)


def test_a_model_that_there_is_not_is_told_with_where_it_was_set(run, monkeypatch):
    assert "vlprep config" not in run("tokens", "photo.jpg", "-m", "foo").err
    monkeypatch.setenv("VLPREP_MODEL", "foo")
    ran = run("tokens", "photo.jpg")
    assert (ran.code, "vlprep config says where the name was set" in ran.err) == (1, True)
