"""Extract: one HTTP client, call allowances, and the plan of calls."""
