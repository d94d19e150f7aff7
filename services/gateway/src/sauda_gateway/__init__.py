"""The gateway: the desk for people and their programs, over HTTP. It reads streams, and writes what somebody asks for.

    browser, curl ──► routes, stream, market ──► desk (folded from the streams) ──► Redis
                            └── orders, control, subscriptions, audit ──────────────►

It holds no truth of its own: killed at any moment, it knows all of it again after the next start.
"""
