"""A full build of the largest marts with tests, compared with the same SQL run by psql."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.harness import Bench, BenchmarkFailed, Comparison, Result, Side
from benchmarks.history import BUILD, History, history

MARTS = (
    "fct_daily_bar_versions",
    "fct_daily_bars",
    "fct_daily_bars_adjusted",
    "fct_daily_indicators",
    "mart_stock_days",
    "mart_restatements",
)
# The intermediate models between raw bars and these marts.
BETWEEN = (
    "int_bars__unioned",
    "int_bars__versioned",
    "int_bars__chosen",
    "int_bars__sequenced",
    "int_market_returns__averaged",
    "int_indicators__computed",
)


def run(bench: Bench) -> Iterator[Result]:
    """dbt build --full-refresh of the marts of bars, tests included, against the models' compiled SQL without dbt."""
    built = history(bench, bench.options.rows)
    selection = ("--full-refresh", "--select", *MARTS, *BETWEEN)
    built.dbt("compile", *selection)
    script = _script(built, built.folder / "build.sql")
    ours = Side("dbt build", lambda: built.dbt(*BUILD, *selection))
    reference = Side("psql", lambda: built.script(script), lambda: _empty(built))
    yield built.compare(Comparison("build: marts of bars, against their SQL alone", ours, reference, 1.25, "at most"))
    different = {name: counts for name in (*MARTS, *BETWEEN) if len(set(counts := _counts(built, name))) > 1}
    if different:
        raise BenchmarkFailed(f"dbt's relations and the script's differ in their numbers of rows: {different}")
    built.execute("drop schema reference cascade")


def _empty(built: History) -> None:
    built.execute("drop schema if exists reference cascade", "create schema reference")


def _script(built: History, path: Path) -> Path:
    """The compiled SQL of the models, in the order of the graph, with the indexes that their configuration names."""
    manifest = json.loads((built.folder / "target" / "manifest.json").read_text())
    nodes = {node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] == "model"}
    chosen = [nodes[name] for name in (*MARTS, *BETWEEN)]
    statements: list[str] = []
    for node in _ordered(chosen):
        sql = node["compiled_code"]
        for other in chosen:
            sql = sql.replace(other["relation_name"], f"reference.{other['name']}")
        kind = "view" if node["config"]["materialized"] == "view" else "table"
        statements.append(f"create {kind} reference.{node['name']} as {sql};")
        for index in node["config"].get("indexes") or []:
            unique, columns = "unique " if index.get("unique") else "", ", ".join(index["columns"])
            statements.append(f"create {unique}index on reference.{node['name']} ({columns});")
    path.write_text("\n".join(statements))
    return path


def _ordered(chosen: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The nodes with each after those that it reads."""
    ordered: list[dict[str, Any]] = []
    ids = {node["unique_id"] for node in chosen}
    while len(ordered) < len(chosen):
        done = {node["unique_id"] for node in ordered}
        ordered += [
            node
            for node in chosen
            if node["unique_id"] not in done and ids.intersection(node["depends_on"]["nodes"]) <= done
        ]
    return ordered


def _counts(built: History, name: str) -> tuple[int, int]:
    schema = "marts" if name in MARTS else "intermediate"
    ours, theirs = (built.value(f"select count(*) from {place}.{name}") for place in (schema, "reference"))
    return int(ours), int(theirs)
