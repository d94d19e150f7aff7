"""Broker or recording in, ticks out.

    in   a broker's session (`noren`) or a file (`recording`); the stream `subscriptions`
    out  the streams `ticks` (tick, clock, feed_gap), `instruments`, `replies` (margin_reply), `broker_updates`, `alerts`

Read it in the order of the flow: `source` (what every source can do) -> `recording` or `noren` -> `feed`
(one turn: subscriptions, poll, commit, replies) -> `desk` (one desk's share of it). `__main__` wires them.
"""
