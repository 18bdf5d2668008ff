"""Land bulk files and generated data: pieces of files instead of responses."""

from datetime import UTC, datetime

from ingestion.errors import MalformedResponse
from ingestion.landing.landed import Landed, content_id
from ingestion.landing.zone import Landing
from ingestion.model import Member, Rejected


def land_piece(landing: Landing, source: str, piece: Member | Rejected, name: str) -> Landed | None:
    """Land one piece of the file `name`; None if the same content was landed before."""
    now = datetime.now(UTC)
    if isinstance(piece, Rejected):
        endpoint, params, body, received_at = piece.entity, {"file": name}, piece.row.encode(), now
        origin = body
    else:
        endpoint, params, body = piece.endpoint, dict(piece.params), piece.body
        received_at, origin = piece.received_at or now, piece.origin.encode() or body
    response_id = content_id(source, endpoint, params, origin)
    if landing.holds(source, endpoint, response_id):
        return None
    return landing.write(
        Landed(
            source=source,
            endpoint=endpoint,
            url=name,
            params=params,
            requested_at=now,
            received_at=received_at,
            status=None,
            outcome=MalformedResponse.outcome if isinstance(piece, Rejected) else "ok",
            error_message=piece.reason if isinstance(piece, Rejected) else None,
            body=body,
            response_id=response_id,
        )
    )
