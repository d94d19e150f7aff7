"""Strategies: the market in, opinions and orders out.

    instruments, control, replies, ticks, executions  ->  subscriptions, signals, orders, alerts

Each file in `config/strategies/` is an instance, and each instance a unit of its own, `strategy.<instance>`.

What is written down: `rules` and `trading_rules` (what can be set), `rule_values` and `rule_files` (read and checked), `in_force`
(changed while it runs). Who does it: `kinds`, `loading` (the user's own), `units`. What runs: `instances` (which begin and when),
`notices` (what is cried out), `__main__` (the wiring).

A strategy that is one class: `api` (what it is written with), `indicators`, `strategies` (ours), `host` (what carries it), `sizing`,
`trading` (from intents to orders and back).

A seller of options: `option_rules` and `option_kinds` (what can be set), `option_seller` (what happens when), `entries` and `entry`
(what is to be sold), `chain` (which strike is at the money), `market` (what is known of the underlying), `legs`, `stops` and `covers`
(sold, protected), `judging` and `watch` (when it is enough), `closing` (bought back), `others` (what the exchange or a trader does in
our name), `refusals`, `book`, `orders` and `foreign` (how far all of that has come).
"""
