"""The paper exchange: takes orders, watches the market, answers, fills, charges, and blocks margin.

    instruments, control, replies, pnl, ticks, orders  ->  executions, subscriptions, alerts

Read in this order:

- what a fill is: `matching` (what does this quote give an order that takes?), `queueing` (when does a limit trade that
  rests?), `liquidity` (no quantity is used twice), `booking` (a match becomes a fill), `trade` and `charges`;
- what is known: `market` (what do we see, is it fresh?), `book` (what stands there, what was answered, what is held),
  `days`, together `known`;
- the way of an order: `checks` and `admission` (may it in?), `requests` (it is answered and travels), `floor` (it meets
  quotes, trades, ends), `attention` (which ticks concern nobody?);
- `parts` and `acts`: how legality, `risk`, `account`, `groups` and `life` take part; `exchange`: the one `handle`;
- `house` (what an exchange is built with), `units` (as the settings make it), `__main__` (the wiring).
"""
