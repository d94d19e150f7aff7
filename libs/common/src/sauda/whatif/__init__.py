"""What the desk would have done with other rules: its units, in this process, over the recorded market.

market  the recorded ticks, definitions and commands, in one order, and where each unit began in them
desk    units in lock step: each message is worked by all before the next one comes
told    what such a desk ordered, traded and made
"""
