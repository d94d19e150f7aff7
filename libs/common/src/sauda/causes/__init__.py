"""Why is this entry there, and what came of it? Walks over what a desk has recorded. Pure: reads a record, nothing else.

Each entry names one cause, stamped by the runner. But a fill has an order too, and a point of P&L rests on a fill and a price:
those are found here. Read `node` (what is found), `parents` (why it is there), `effects` (what it led to), then `walk`.
"""
