"""A whole desk in one process, run thousands of times a minute under faults that a number decides.

The runner, the units, the feed and the writers are the ones that trade; only the log, the database, time and chance are
the simulation's own. One seed is one life of the desk, the same to the byte wherever it runs.

Read in this order: `world` (time and turns), `faults` (what goes wrong), `server` and `line` (the log and the way to it), `tape`,
`processes` and `desk` (what runs), `life` (one run), `verdict` (what must hold), `shrink`, `bugs`.
"""
