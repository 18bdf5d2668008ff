"""A simulated market at the paths and in the wire formats of the providers: develop and test without keys.

`marketloom sandbox` (or `python -m sandbox`) serves it; `sandbox.server.Sandbox` runs it inside a
test. The same seed and number of securities always give the same market, whatever the clock says.

    /polygon/…  /alpha_vantage/query  /rss/<feed>.xml    as the providers have them
    GET  /_sandbox/health                               whether it runs, and its seed
    GET, POST /_sandbox/clock {"now": ISO or null}      pin the clock, or let it run
    GET, POST, DELETE /_sandbox/faults [{"match", "kind", "times", …}]   see `faults.Fault`
    GET, DELETE /_sandbox/requests                      the requests so far, keys removed
    DELETE /_sandbox/quotas                             renew the allowances of all keys
    GET  /_sandbox/truth/{bars,articles,effects,securities,actions}?from=&to=&ticker=   the true events

A request with the header X-Sandbox-Now (ISO) is answered as of that moment, whatever the clock says; it has allowances
of its own, in its own time, and can meet an outage (`outages`).

Keys decide the plan: `sandbox-free` has the provider's free quota and entitlements, `sandbox-unlimited` neither limit.

Modules, from the inside out: `sessions` and `identities` → `securities` → `stories` → `prices` (returns, splits,
dividends, halts) → `bars`; `stories` → `articles` and `copydesk` → `news`; `market` and `news` → the wire formats
(`polygon_*`, `alpha_vantage_*`, `wire_*`) → `app` → `handler` and `server`. `archives` and `headlines` write files.
"""
