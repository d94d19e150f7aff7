"""The simulated market: pure, and a function of seed, date, instrument and second alone.

`session` maps wall time to market time; `day` holds one trading day: `index_path` moves the
underlyings, `sauda.margin.black76` and `smile` price options on them, `pricing` adds spread, size and trades,
`listing` says what is traded, `bars` sums up the day.
"""
