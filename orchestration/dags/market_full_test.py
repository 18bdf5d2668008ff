"""Each Saturday: every data test on every row. Daily builds test what they write (dbt_project/docs/tests.md).

A failing test fails the run, and its rows are in the schema `quarantine`. Nothing is written to the marts.
"""

from datetime import timedelta
from pathlib import Path

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, CronTriggerTimetable

with DAG(
    dag_id="market_full_test",
    description="Market prices and news: test all rows, old ones too",
    doc_md=__doc__,
    schedule=CronTriggerTimetable("0 10 * * 6", timezone="America/New_York"),
    catchup=False,
    max_active_runs=1,
    tags=["marketloom"],
):
    BashOperator(
        task_id="test",
        bash_command=".venv/bin/dbt test --exclude-resource-type unit_test",
        cwd=str(Path(__file__).resolve().parents[2]),
        do_xcom_push=False,
        execution_timeout=timedelta(hours=12),
    )
