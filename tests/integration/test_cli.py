"""The `marketloom` command: its output, its errors and its exit status."""

import json
import os
import re
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Sequence
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from ingestion import dbt_build, runner, simulation, whole_run
from ingestion.cli import app
from ingestion.config import Settings
from ingestion.errors import ConfigurationError, MarketloomError
from ingestion.pipeline import Run
from ingestion.report import SourceReport
from ingestion.sources import SOURCES
from ingestion.warehouse.server import Warehouse
from sandbox.server import Sandbox
from sandbox.wire_rss import ENTRIES
from tests.integration.providers import FEEDS, NOW
from tests.runs import make_run
from tests.warehouse import rows, value

COMMANDS = {
    "up": "Start the embedded warehouse",
    "down": "Stop the embedded warehouse",
    "status": "Show where the warehouse is",
    "url": "libpq URL",
    "psql": "Open psql",
    "ingest": "Extract what is new",
    "backfill": "Load bulk files",
    "replay": "Rebuild raw from the landing zone",
    "run": "Run everything in order",
    "summary": "number of rows of each mart",
    "sandbox": "Serve the simulated market",
}
WRONG = [
    (["ingest", "nosuch"], "unknown source nosuch: known are"),
    (["replay", "rss", "nosuch"], "unknown source nosuch: known are"),
    (["ingest", "--since", "yesterday"], "does not match the format"),
    (["ingest", "--since", "2024-03-05", "--until", "2024-03-04"], "--since 2024-03-05 is after --until 2024-03-04"),
    (["ingest", "--since", "2024-02-30"], "does not match the format"),
    (["ingest", "calendar", "--since", "1600-01-01"], "--since 1600-01-01 is before 1900-01-01"),
    (["ingest", "calendar", "--until", "0001-01-01"], "--until 0001-01-01 is before 1900-01-01"),
    (["ingest", "calendar", "--since", "9999-12-31"], "--since 9999-12-31 is in the future: today is"),
    (["sandbox", "--now", "yesterday"], "--now must be a moment in ISO 8601"),
    (["sandbox", "--port", "65536"], "less than or equal to 65535"),
    (["ingest", "pystock"], "use `marketloom backfill pystock PATH`"),
    (["backfill", "polygon", "."], "use `marketloom ingest polygon`"),
    (["backfill", "headlines", "/nowhere/at/all.csv"], "does not exist"),
    (["backfill", "headlines"], "Missing argument"),
    (["status", "--target", "moon"], "unknown target 'moon': it is one of live, sandbox"),
    (["sandbox", "--securities", "3"], "greater than or equal to 10"),
    (["weave"], "No such command"),
]


def call(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, arguments)


def words(result: Result) -> str:
    return " ".join(result.output.split())


def test_help_describes_every_command() -> None:
    whole = call("--help")
    assert whole.exit_code == 0
    for name, about in COMMANDS.items():
        one = call(name, "--help")
        assert one.exit_code == 0 and about in words(one) and name in words(whole)


@pytest.mark.parametrize(("arguments", "message"), WRONG)
def test_wrong_usage_is_reported_with_exit_status_2(settings: Settings, arguments: list[str], message: str) -> None:
    result = call(*arguments)
    assert result.exit_code == 2 and message in words(result)


def test_an_invalid_setting_ends_with_exit_status_2(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARKETLOOM_TARGET", "mars")
    assert "unknown target 'mars'" in words(call("status")) and call("status").exit_code == 2
    monkeypatch.setenv("MARKETLOOM_TARGET", "live")
    monkeypatch.setenv("PGDATABASE", "marketloom_sandbox")
    assert call("ingest").exit_code == 2 and "holds simulated data" in words(call("status"))


def test_all_sources_without_a_key_skip_those_that_need_one(
    settings: Settings, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for source in ("POLYGON", "ALPHA_VANTAGE"):
        monkeypatch.delenv(f"SOURCES__{source}__API_KEY")
    result = call("ingest")
    assert result.exit_code == 0, result.output
    assert "skipped: polygon: no key: set SOURCES__POLYGON__API_KEY to go live" in result.output
    assert f"rss: 1 responses, feed {FEEDS[0]}\n" in result.output
    assert "\x1b" not in result.output and "\r" not in result.output
    lines = [line.split("│") for line in result.output.splitlines() if "entries" in line]
    received, loaded, quarantined = (int(cell.replace(",", "")) for cell in lines[0][4:7])
    assert received == loaded + quarantined == ENTRIES * len(FEEDS)
    assert value(settings, "select count(*) > 9000 from raw_calendar.days")
    assert {request["path"].split("/")[1] for request in sandbox.requests} == {"rss"}


def test_a_failed_source_is_reported_with_exit_status_1_and_the_others_are_loaded(
    settings: Settings, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(run: Run, window: object) -> SourceReport:
        raise RuntimeError("sandbox-unlimited is out of thread")

    true_ingest = Run.ingest
    monkeypatch.setattr(Run, "ingest", lambda r, w: (break_down if r.source.name == "polygon" else true_ingest)(r, w))
    result = call("ingest", "alpha_vantage", "polygon", "rss", "--ticker", "NOSUCH")
    assert result.exit_code == 1
    assert "FAILED: alpha_vantage: alpha_vantage daily NOSUCH: Invalid API call" in words(result)
    assert "FAILED: polygon: unexpected RuntimeError: REDACTED is out of thread" in words(result)
    assert value(settings, "select count(*) from raw_rss.entries") > 0


def test_missing_and_unreadable_bulk_files_are_reported(settings: Settings, tmp_path: Path) -> None:
    result = call("backfill", "headlines", str(tmp_path))
    assert result.exit_code == 1 and "no *.csv found there" in words(result)
    (tmp_path / "good.csv").write_text("title,date,stock\nA,2020-01-01 10:00:00-05:00,AA\n")
    assert call("backfill", "headlines", str(tmp_path)).exit_code == 0
    (landed,) = (settings.home / "landing").rglob("headlines/**/*.gz")
    landed.write_bytes(b"spoilt")
    result = call("replay", "headlines")
    assert result.exit_code == 1 and "FAILED: headlines: landed file" in words(result)
    assert "restore it from a copy" in words(result) and "dlt" not in words(result)


def test_status_and_url_name_the_place(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert call("url").output == f"{settings.dsn(password=False)}\n"
    assert f"database {settings.database}" in words(call("status"))
    assert (call("psql", "-c", "select 1").exit_code, call("psql", "-c", "select 1 / 0").exit_code) == (0, 1)
    monkeypatch.delenv("PGHOST")
    result = call("status")
    assert result.exit_code == 1 and words(result).endswith("is not running: start it with `marketloom up`")
    assert words(call("down")) == "was not running"


def test_the_target_sandbox_follows_the_clock_of_the_market_that_runs(
    settings: Settings, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARKETLOOM_SANDBOX_URL", sandbox.url)
    simulated = Settings(settings.root, settings.home, "sandbox")
    try:
        result = call("ingest", "rss", "--target", "sandbox")
        assert result.exit_code == 0, result.output
        assert rows(simulated, "select distinct _received_at from raw_rss.entries") == [(NOW,)]
        assert value(settings, "select count(*) from raw_rss.entries") == 0
    finally:
        with Warehouse(settings).connect(database="postgres", autocommit=True) as connection:
            connection.cursor().execute("drop database if exists marketloom_sandbox with (force)")


@pytest.mark.parametrize(
    "moment",
    ["yesterday", "2024-13-45", "1700000000", "2024-03-15T25:00", "1600-01-01", "3000-01-01", "2024-03-15+99:00"],
)
def test_a_moment_at_which_no_market_can_be_is_named(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    monkeypatch.setenv("MARKETLOOM_SANDBOX_NOW", moment)
    monkeypatch.setenv("MARKETLOOM_SANDBOX_URL", "http://127.0.0.1:1")
    with pytest.raises(ConfigurationError, match=rf"MARKETLOOM_SANDBOX_NOW must be a moment.*{re.escape(moment)}"):
        _ = settings.sandbox_now
    monkeypatch.setenv("MARKETLOOM_SANDBOX_NOW", " ")
    assert settings.sandbox_now is None


class Anything(BaseHTTPRequestHandler):
    """Responds to everything with 200, as some desktop programs do."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"OK")

    def log_message(self, *_: object) -> None:
        pass


def test_another_program_at_the_address_is_not_taken_for_a_simulated_market(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Anything) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        assert not simulation.is_available(url)
        with pytest.raises(MarketloomError, match="does not tell its time"):
            simulation.current_time(url)
        monkeypatch.setenv("MARKETLOOM_SANDBOX_URL", url)
        with runner._market(Settings(settings.root, settings.home, "sandbox"), Console(quiet=True)):
            own = os.environ["MARKETLOOM_SANDBOX_URL"]
            monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")  # the loopback is asked directly
            assert own != url and simulation.is_available(own)
        taken = subprocess.run(
            [sys.executable, "-m", "sandbox", "--port", str(server.server_port)], capture_output=True, text=True
        )
        server.shutdown()
    assert taken.returncode == 2 and "Address already in use" in taken.stderr and "Traceback" not in taken.stderr


def test_a_run_reports_what_failed(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = SourceReport("rss", failures=["the thread broke"])
    monkeypatch.setattr(runner, "ingest", lambda *anything, **more: [failed])
    monkeypatch.setattr(dbt_build, "dbt", lambda *anything, **more: 1)
    result = call("run", "--target", "live")
    assert result.exit_code == 1 and "FAILED: rss: the thread broke" in words(result)
    command = "dbt build --exclude-resource-type unit_test --target live"
    assert f"marketloom: dbt build failed: `{command}`" in words(result)
    monkeypatch.setattr(dbt_build, "dbt", lambda *anything, **more: 0)
    result = call("run", "--target", "live")
    assert result.exit_code == 1 and "there are no marts in" in words(result)


def test_a_run_builds_only_if_something_changed(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, model = tmp_path / "target", tmp_path / "dbt_project" / "models" / "bars.sql"
    for path, text in ((tmp_path / "dbt_project.yml", "name: loom"), (model, "select 1")):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    headlines = tmp_path / "headlines.csv"
    headlines.write_text("title,date,stock\nA,2020-01-01 10:00:00-05:00,AA\n")
    done: list[str] = []
    status = [0]

    def dbt(settings: Settings, arguments: Sequence[str], *, colors: bool) -> int:
        """Write the artefacts that dbt writes."""
        done.append(arguments[0])
        if arguments[0] == "build":
            write_artefacts(settings, target, "error" if status[0] else "success")
        else:
            (target / "catalog.json").write_text("{}")
        return status[0]

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(runner, "ingest", lambda *anything, **more: [])
    monkeypatch.setattr(whole_run, "summary", lambda *anything: None)
    monkeypatch.setattr(dbt_build, "dbt", dbt)

    def ran(*arguments: str) -> list[str]:
        done.clear()
        result = call("run", "--target", "live", *arguments)
        assert result.exit_code == status[0], result.output
        assert ("dbt has nothing to do" in words(result)) == (not done)
        return done

    def execute(statement: str) -> None:
        with Warehouse(settings).connect() as connection, connection.cursor() as cursor:
            cursor.execute(statement)

    everything = ["build", "docs"]
    execute("create table marts.bars (answer int)")
    assert ran() == everything
    assert ran() == []
    assert ran("--rebuild") == everything
    model.write_text("select 2")
    status[0] = 1
    assert ran() == ["build"]
    status[0] = 0
    assert ran() == everything and ran() == []
    assert make_run(settings, SOURCES["headlines"]).backfill([headlines]).failures == []
    assert ran() == everything and ran() == []
    assert make_run(settings, SOURCES["headlines"]).backfill([headlines]).failures == []
    assert ran() == []
    execute("drop table marts.bars")
    assert ran() == everything
    execute("create table marts.bars (answer int)")
    assert ran() == []
    for name in ("catalog.json", "run_results.json", "manifest.json"):
        (target / name).unlink()
        assert ran() == everything and ran() == []
    for partial in ({"select": ["fct_daily_bars"]}, {"which": "run"}, {"vars": {"as_of": "2024-03-15"}}):
        write_artefacts(settings, target, "success", **partial)
        assert ran() == everything and ran() == []
    model.rename(model.with_name("more_bars.sql"))
    assert ran() == everything and ran() == []
    monkeypatch.setenv("PGPORT", "5432")
    assert ran() == everything


def write_artefacts(settings: Settings, target: Path, status: str, **arguments: object) -> None:
    """The artefacts of a build of one table."""
    metadata = {
        "invocation_id": "one",
        "invocation_started_at": datetime.now(UTC).isoformat(),
        "dbt_version": version("dbt-core"),
        "env": {"MARKETLOOM_WAREHOUSE": settings.dsn(password=False)},
    }
    args = {"which": "build", "exclude_resource_types": ["unit_test"], "select": [], "vars": {}, **arguments}
    bars = {"resource_type": "model", "config": {"materialized": "table"}, "relation_name": '"marts"."bars"'}
    results = {"metadata": metadata, "args": args, "results": [{"status": status}]}
    target.mkdir(exist_ok=True)
    (target / "run_results.json").write_text(json.dumps(results))
    (target / "manifest.json").write_text(json.dumps({"metadata": metadata, "nodes": {"model.loom.bars": bars}}))


def test_the_sandbox_serves_until_it_is_stopped() -> None:
    command = [sys.executable, "-c", "from ingestion.cli import app; app()", "sandbox", "--port", "0", "--seed", "3"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as process:
        assert process.stdout is not None
        try:
            told = process.stdout.readline()
            address = told.split()[-1]
            with urllib.request.urlopen(f"{address}/_sandbox/health", timeout=20) as answer:
                assert json.load(answer)["seed"] == 3
            assert told == f"sandbox: 120 securities (seed 3) at {address}\n"
        finally:
            process.terminate()
