{{ staged_loads('raw_polygon') }}
