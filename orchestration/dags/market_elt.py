"""Each weekday evening: ingest every source, then check, build and document the warehouse.

Times are in New York: 18:30 is two and a half hours after the close, when final bars are out. The DAG also runs on
exchange holidays: there is no session to load, but there is news.

The failure of one source stops neither the other sources nor the build, and a stale source does not stop the build.
`all_succeeded`, at the end of every path, still fails the run. Calls to one provider never overlap: one run at a
time, `max_active_tis_per_dag` for backfills, and the lock of `marketloom ingest`.

Tasks inherit the worker's environment (PG*, MARKETLOOM_TARGET, SOURCES__*); templates contain none of it.
"""

from datetime import timedelta
from pathlib import Path

from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, CronTriggerTimetable, TaskGroup, TriggerRule

SOURCES = ("calendar", "polygon", "alpha_vantage", "rss")
IF_ANY_SUCCEEDED = TriggerRule.ALL_DONE_MIN_ONE_SUCCESS

with DAG(
    dag_id="market_elt",
    description="Market prices and news: ingest, build with dbt, document",
    doc_md=__doc__,
    schedule=CronTriggerTimetable("30 18 * * 1-5", timezone="America/New_York"),
    catchup=False,
    max_active_runs=1,
    tags=["marketloom"],
    default_args={
        "cwd": str(Path(__file__).resolve().parents[2]),
        "do_xcom_push": False,
        "execution_timeout": timedelta(hours=4),
        "max_active_tis_per_dag": 1,
        "retries": 3,
        "retry_delay": timedelta(minutes=1),
        "retry_exponential_backoff": 2,
        "max_retry_delay": timedelta(minutes=30),
    },
):
    health = BashOperator(task_id="health", bash_command=".venv/bin/marketloom status")
    with TaskGroup("ingest") as ingest:
        for source in SOURCES:
            BashOperator(task_id=source, bash_command=f".venv/bin/marketloom ingest {source}")
    freshness_command = ".venv/bin/dbt source freshness"
    freshness = BashOperator(task_id="freshness", bash_command=freshness_command, trigger_rule=IF_ANY_SUCCEEDED)
    build = BashOperator(
        task_id="build",
        bash_command=".venv/bin/dbt build --exclude-resource-type unit_test --vars 'test_scope: recent'",
        trigger_rule=IF_ANY_SUCCEEDED,
    )
    docs = BashOperator(task_id="docs", bash_command=".venv/bin/dbt docs generate")
    summary_command = ".venv/bin/marketloom summary"
    summary = BashOperator(task_id="summary", bash_command=summary_command, trigger_rule=IF_ANY_SUCCEEDED)
    health >> ingest >> freshness >> build >> docs >> summary
    ingest >> build
    health >> summary
    [ingest, freshness, docs, summary] >> EmptyOperator(task_id="all_succeeded")
