"""dlt's `rest_api` source with default settings: grouped bars or news of an API like Polygon's."""

import json
import sys
from typing import Any

import dlt
from dlt.sources.rest_api import rest_api_source


def grouped_daily(path: str) -> dict[str, Any]:
    """One session's bars."""
    endpoint = {"path": path, "params": {"adjusted": "false"}, "data_selector": "results", "paginator": "single_page"}
    return {"name": path.rpartition("/")[2], "table_name": "bars", "endpoint": endpoint}


def news(path: str) -> dict[str, Any]:
    """All articles, page by page."""
    paginator = {"type": "json_link", "next_url_path": "next_url"}
    return {"name": "news", "endpoint": {"path": path, "data_selector": "results", "paginator": paginator}}


if __name__ == "__main__":
    url, kind, paths, dsn = sys.argv[1:]
    resource = {"grouped_daily": grouped_daily, "news": news}[kind]
    client = {"base_url": url, "auth": {"type": "bearer", "token": "sandbox-unlimited"}}
    configuration: Any = {"client": client, "resources": [resource(path) for path in json.loads(paths)]}
    source = rest_api_source(configuration)
    pipeline = dlt.pipeline("rest", destination=dlt.destinations.postgres(dsn), dataset_name="rest")
    pipeline.run(source)
