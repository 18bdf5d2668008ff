{{ staged_loads('raw_rss') }}
