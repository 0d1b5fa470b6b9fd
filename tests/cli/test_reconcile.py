from __future__ import annotations

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
