"""A simulated market behind the providers' own paths and wire formats: develop and test against it, no keys needed.

`marketloom sandbox` (or `python -m sandbox`) serves it; `sandbox.server.Sandbox` runs it inside a
test. The same seed and number of securities always give the same market, whatever the clock says.

    /polygon/…  /alpha_vantage/query  /rss/<feed>.xml    as the providers have them
    GET  /_sandbox/health                               alive, and on what seed
    GET, POST /_sandbox/clock {"now": ISO or null}      pin the clock, or let it run
    GET, POST, DELETE /_sandbox/faults [{"match", "kind", "times", …}]   see `faults.Fault`
    GET, DELETE /_sandbox/requests                      what was asked, keys removed
    DELETE /_sandbox/quotas                             every key has its whole allowance again
    GET  /_sandbox/truth/{bars,articles,securities,actions}?from=&to=&ticker=   what really happened

Keys decide the plan: `sandbox-free` has the provider's free quota and entitlements, `sandbox-unlimited` neither limit.

How it is made, from the inside out: `sessions` and `identities` → `securities` → `stories` → `prices` (returns, splits,
dividends, halts) → `bars`; `stories` → `articles` and `copydesk` → `news`; `market` and `news` → the wire formats
(`polygon_*`, `alpha_vantage_*`, `wire_*`) → `app` → `handler` and `server`. `archives` and `headlines` write files.
"""
