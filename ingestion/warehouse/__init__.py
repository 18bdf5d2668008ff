"""The warehouse: the embedded PostgreSQL or an external one, with its roles and schemas."""
