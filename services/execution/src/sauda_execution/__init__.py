"""The paper exchange: takes orders, watches the market, answers and fills.

    instruments, control, ticks, orders  ->  executions

Read in this order: `matching` (does this quote fill this order, and at what price?), `checks` (may this
order stand in the market at all?), `book` (what stands there, what was answered, what is held), `market`
(what do we see of the market, and is it fresh?), `days` (which trading day is it, when does it close?),
`exchange` (the one `handle`), `__main__` (the wiring).
"""
