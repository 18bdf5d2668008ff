"""Parsing: from response bytes to typed Arrow tables, with a reason for each rejected row. Pure functions."""
