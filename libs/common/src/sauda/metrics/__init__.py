"""What a service can be measured by, on request: figures kept beside the work, and the page that Prometheus reads.

Whoever works is not told that it is measured: the log, the reader and the database that it is handed are wrapped, and without
SAUDA_METRICS_PORT nothing of this folder is even loaded. Read `measures` (what there is), `tally` (how it is kept), `measured_log`
(where most of it comes from), `exposition` and `endpoint` (how it leaves).
"""
