"""dbt, with the garbage collector set for it: `python -m ingestion.transform build` is `dbt build` at less cost.

dbt keeps the whole project in memory and makes some thousands of short-lived objects for each node. At its usual
threshold of 700 new objects, Python's collector goes over them thousands of times in a build, and over the project
dozens of times, to find next to nothing (docs.python.org/3/library/gc.html#gc.set_threshold).
"""

import gc

THRESHOLD = 10_000


def main() -> None:
    """The dbt command, with the arguments and the exit status of this process."""
    gc.set_threshold(THRESHOLD)
    from dbt.cli.main import cli

    cli(prog_name="dbt")


if __name__ == "__main__":
    main()
