"""The same backtest with many rules: which did best, and how much of that is luck?

    rules, data, grid  ->  one row for each combination; the best; what its Sharpe ratio is worth after so many tries

Read in this order: `grid` (which combinations?), `trial` (one of them), `pool` (all of them, on all cores), `kept` (what
was done before), `luck` (the deflated Sharpe ratio), `findings` (ranked and judged), `page`.
"""
