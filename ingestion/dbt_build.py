"""Run dbt, and tell from its own artefacts whether a build has anything to do.

https://docs.getdbt.com/reference/artifacts/run-results-json
"""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson

from ingestion.config import Settings
from ingestion.load.schemas import last_loaded_at
from ingestion.sources import SOURCES
from ingestion.warehouse.server import Warehouse

BUILD = ("build", "--exclude-resource-type", "unit_test")
# Without compiling again: run_results.json then stays that of the build.
DOCS = ("docs", "generate", "--no-compile")
# dbt copies variables with this prefix into the metadata of its artefacts.
WAREHOUSE_VARIABLE = "DBT_ENV_CUSTOM_ENV_MARKETLOOM_WAREHOUSE"
SUCCESSFUL = {"success", "pass", "warn", "no-op"}
PARTIAL = ("select", "exclude", "selector", "resource_types", "vars", "empty", "sample", "defer")
PROJECT_FILES = ("dbt_project.yml", "profiles.yml", "packages.yml", "dependencies.yml", "selectors.yml", "dbt_project")


def dbt(settings: Settings, arguments: Sequence[str], *, colors: bool = False) -> int:
    """Run the `dbt` command on the target and return its exit status. It prints its own progress."""
    command = [str(Path(sys.executable).with_name("dbt")), *arguments, "--target", settings.target]
    variables = {WAREHOUSE_VARIABLE: settings.dsn(password=False)} | ({} if colors else {"DBT_USE_COLORS": "false"})
    environment = {**settings.subprocess_environment, **variables}
    return subprocess.run(command, cwd=settings.root, env=environment, check=False).returncode


def built_at(settings: Settings) -> datetime | None:
    """When the last `dbt build` started, if it built everything there is to build now; None if in doubt.

    It did if it was a whole and successful build of this warehouse by this version of dbt, if no load has finished
    and no project file has changed since it started, and if all its relations still exist.
    """
    try:
        results = orjson.loads((settings.dbt_folder / "run_results.json").read_bytes())
        manifest = orjson.loads((settings.dbt_folder / "manifest.json").read_bytes())
        started = datetime.fromisoformat(results["metadata"]["invocation_started_at"])
        if not _is_whole_build(settings, results) or not (settings.dbt_folder / "catalog.json").exists():
            return None
        if manifest["metadata"]["invocation_id"] != results["metadata"]["invocation_id"]:
            return None
        relations = list(_relations(manifest))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    warehouse = Warehouse(settings)
    loaded = last_loaded_at(warehouse, SOURCES.values())
    if _last_changed_at(settings.root) >= started or (loaded and loaded >= started):
        return None
    return started if _exist(warehouse, relations) else None


def _is_whole_build(settings: Settings, results: dict[str, Any]) -> bool:
    metadata, arguments = results["metadata"], results["args"]
    return (
        arguments["which"] == "build"
        and not any(arguments.get(name) for name in PARTIAL)
        and {*arguments.get("exclude_resource_types", ())} <= {"unit_test"}
        and metadata["env"]["MARKETLOOM_WAREHOUSE"] == settings.dsn(password=False)
        and metadata["dbt_version"] == version("dbt-core")
        and all(result["status"] in SUCCESSFUL for result in results["results"])
    )


def _relations(manifest: dict[str, Any]) -> Iterator[str]:
    """The relations that a build creates, as SQL names."""
    for node in manifest["nodes"].values():
        if node["resource_type"] in ("model", "seed", "snapshot") and node["config"]["materialized"] != "ephemeral":
            yield node["relation_name"]


def _last_changed_at(root: Path) -> datetime:
    """When a file of the dbt project, or a folder that a file was added to or removed from, last changed."""
    named = [root / name for name in PROJECT_FILES if (root / name).exists()]
    paths = [*named, *(root / "dbt_project").rglob("*")]
    return datetime.fromtimestamp(max(path.stat().st_mtime for path in paths), UTC)


def _exist(warehouse: Warehouse, relations: list[str]) -> bool:
    with warehouse.connect() as connection, connection.cursor() as cursor:
        cursor.execute("select bool_and(to_regclass(name) is not null) from unnest(%s) as name", (relations,))
        row = cursor.fetchone()
    return bool(row and row[0])
