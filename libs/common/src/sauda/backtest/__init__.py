"""A backtest: the desk's own units on a log in memory, market time as the clock.

data (`market`) -> one loop over the units (`desk`) -> what they said (`outcome`) -> figures and pages (`sauda.report`)
"""
