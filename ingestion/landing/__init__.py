"""The landing zone: every response as received, in one compressed file each."""

from ingestion.landing import bulk_files
from ingestion.landing.files import land_piece
from ingestion.landing.landed import Landed, content_id, stamp_of
from ingestion.landing.zone import Landing, LandingError

__all__ = ["Landed", "Landing", "LandingError", "bulk_files", "content_id", "land_piece", "stamp_of"]
