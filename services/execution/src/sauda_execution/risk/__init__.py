"""What the desk may risk, and how it gets out.

Read in this order: `rules` (config/risk.yaml), `pace` (orders a second, twins), `exposure` (what would be held and waits),
`gate` (may this order in?), `halts` (who may open nothing, and why), `flatten` (close until nothing is held),
`switch` (what people say), `watch` (what the valuation says).
"""
