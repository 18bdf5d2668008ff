{{ staged_loads('raw_pystock') }}
