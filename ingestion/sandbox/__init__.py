"""A simulated market behind the providers' own paths and wire formats: develop and test against it, no keys needed.

`python -m ingestion.sandbox` serves it; `ingestion.sandbox.server.Sandbox` runs it inside a test. The same seed and
number of securities always give the same market, whatever the clock says.
"""
