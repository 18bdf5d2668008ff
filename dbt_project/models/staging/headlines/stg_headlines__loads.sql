{{ staged_loads('raw_headlines') }}
