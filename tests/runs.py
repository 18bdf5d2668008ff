"""Runs of one source in tests."""

from ingestion.config import Settings
from ingestion.extract.client import Client
from ingestion.landing import Landing
from ingestion.load import schemas
from ingestion.model import Source
from ingestion.pipeline import Run
from ingestion.runner import Resources
from ingestion.sources import SOURCES
from ingestion.warehouse.server import Warehouse

RAW_SCHEMAS = schemas.names(SOURCES.values())


def make_run(settings: Settings, source: Source, landing: Landing | None = None) -> Run:
    """A run of one source, as the commands make it."""
    return Resources(settings, Warehouse(settings), landing or Landing(settings.landing_url)).run(source)


def make_client(settings: Settings, source: Source, landing_url: str | None = None) -> Client:
    """A client of one source, as its run opens it."""
    return make_run(settings, source, Landing(landing_url or settings.landing_url)).open_client()
