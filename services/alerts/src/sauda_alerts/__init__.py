"""Alerts: watches the desk, and calls somebody when something is wrong.

    executions, pnl, ticks  ->  alerts.desk  ->  alerts     rules about the market and the book; replayable
    Redis, disks            ->  alerts.watch ->  alerts     rules about the machinery
    alerts                  ->  alerts.to.*  ->  e-mail, Telegram, a webhook, ...

Read in this order: `rules` (what is watched, from config/alerts.yaml), `desk` with `feed_watch`, `order_watch` and
`money_watch` (the unit), `facts`, `measuring` and `machinery` (how the machinery is, and what of it is wrong), `watcher`;
then `likeness`, `ledger` and `deciding` (what is delivered, what waits), `wording`, `sending`, `courier`; `__main__` (the wiring).
"""
