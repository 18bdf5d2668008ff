"""Load: dlt writes Arrow tables to the raw schemas, each file exactly once."""
