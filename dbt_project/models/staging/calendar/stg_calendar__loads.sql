{{ staged_loads('raw_calendar') }}
