"""Files of market data, read as the messages that a feed would have published: for the feed, the backtest and the history.

columns          the file in pieces, its columns by name          counted  whether it counts in units or in lots
contracts_found  one pass: which contracts, from when to when     rows     a piece's rows -> ticks
bar_path         a bar -> the four ticks it stands for            timeline ticks by instant, and the clock between them

Needs pandas and pyarrow (`sauda-common[recordings]`): import it where it is used, not where a program starts.
"""
