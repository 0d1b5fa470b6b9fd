from __future__ import annotations

import json

from tests.reconcile.test_reconcile import log


def test_the_best_rules_are_named_with_what_stands_beside(run, tmp_path):
    path = tmp_path / "calls.jsonl"
    path.write_text("\n".join([*log("compatible", lambda day: "api-2026"), "{"]))
    ran = run("reconcile", path, "-o", tmp_path / "chart.png")
    assert ran.code == 0
    assert "2026-03-01 to 2026-04-09: api-2026 explains 40 of 40 requests" in ran.out
    assert "line 41: not a line of a log" in ran.err
    assert (tmp_path / "chart.png").exists()
    document = run("reconcile", path, "--json").json
    assert document["schema"] == "vlprep.reconcile/1"
    (model,) = document["models"]
    assert model["periods"][0]["rule_sets"][0]["constant"] == 23
    assert document["left_out"][0]["line"] == 41
    assert run("reconcile", "-", "--json", stdin=path.read_bytes()).json == document


def test_a_log_without_a_call_fails(run, tmp_path):
    path = tmp_path / "calls.jsonl"
    path.write_text("{}\n")
    ran = run("reconcile", path)
    assert (ran.code, ran.out) == (1, "")
    assert "no usage in it" in ran.err


def test_lines_that_say_nothing_are_told_together_and_how_to_mend_them(run, tmp_path):
    path = tmp_path / "log.jsonl"
    line = '{"model": "qvq-max", "usage": {"prompt_tokens": 9, "image_tokens": 5}}'
    path.write_text(f"{line}\n" * 5)
    told = run("reconcile", path).err.splitlines()
    assert len(told) == 1
    assert told[0].startswith("warning: lines 1, 2, 3 and 2 more: no request in it")
    assert "as 'request'" in told[0]


def test_a_log_of_which_some_lines_have_a_time_is_told_by_its_lines(run, tmp_path):
    path = tmp_path / "log.jsonl"
    rows = [json.loads(line) for line in log("compatible", lambda day: "api-2026", days=4)]
    del rows[-1]["time"]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    out = run("reconcile", path).out
    assert "lines 1 to 4: guide-2025-12 explains 4 of 4 requests, as does api-2026" in out
    assert "None" not in out
