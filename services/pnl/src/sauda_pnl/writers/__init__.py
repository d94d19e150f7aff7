"""The databases that a desk's numbers are written to.

    pnl, executions, orders  ->  InfluxDB (positions, pnl, fills), SQL (orders, fills, positions, pnl)

Read in this order: `lines` (a message as a line of InfluxDB's protocol), `influx` (how it gets there), `point_rows`, `rows` and
`order_row` (a message as a row), `tables`, `engine` (the way to the database), `sql` (how rows get there). `sauda.writer` drives both.
"""
