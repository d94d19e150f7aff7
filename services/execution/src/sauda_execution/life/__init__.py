"""The life of a position: what the exchange does with it because of the hour, and nobody's order.

Read in this order: `closing` (the average of a price over the closing window), `evidence` (what was the underlying worth
at the close, and how do we know?), `expiring` (when does a contract end, and what is it worth then?), `seen` (what is
kept of prices for that), `expiry` (who is settled when), `intraday` (MIS is closed before the day ends), `sight` (what
must be seen), `part` (the exchange's part that has them all).
"""
