"""marketloom ingestion: from market and news APIs to raw Postgres schemas."""
