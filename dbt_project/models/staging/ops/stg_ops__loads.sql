{{ staged_loads('raw_ops') }}
