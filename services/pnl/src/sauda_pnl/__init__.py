"""Profit and loss: what the desk has made, and its way into the databases.

    ticks, executions  ->  pnl          the valuation, one leased unit
    executions, pnl    ->  databases    the writers, as many as you like

Read in this order: `position` (what is one position worth?), `valuation` (when is what said?), `writers`
(how does it reach a database exactly once?), `__main__` (the wiring).
"""
