"""What the desk may risk, and how it gets out.

Read in this order: `rules` (config/risk.yaml; `rule_fields`, `rules_file` read it), `pace` (orders a second, twins), `exposure` (what
would be held), `one_order` and `standing` (the questions), `gate` (may this order in?), `halts` (who may open nothing, and why), `wishes`
and `flatten` (close until nothing is held), `switch` (what people say), `watch` (what the valuation says), `parts` (all of them).
"""
