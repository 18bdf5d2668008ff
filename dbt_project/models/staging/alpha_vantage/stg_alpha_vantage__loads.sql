{{ staged_loads('raw_alpha_vantage') }}
