"""Strategies: the market in, opinions and orders out.

    instruments, control, ticks, executions  ->  subscriptions, signals, orders, alerts

Each file in `config/strategies/` is an instance, and each instance a unit of its own, `strategy.<instance>`.

Read in this order: `rules` (what can be set), `short_straddle` (what happens when), `entry` (what is to be
sold), `chain` (which strike is at the money), `market` (what is known of the underlying), `legs` (an option
sold and protected), `closing` (bought back), `others` (what the exchange or a trader does in our name), `refusals`
(which are worth another try), `book`, `orders` and `foreign` (how far all of that has come), `kinds` (which kinds of
strategies there are), `__main__` (the wiring).
"""
