"""The `sauda` program: what a person at the desk asks for and does, in a terminal.

Read in this order: `__main__` (the commands and their exit codes), `options` (what they have in common), then one
file a command. `window`, `where`, `telling`, `book` and `valuation` hold what they decide, without Redis or screen.

Modules that define commands import what takes long to load inside the command: `sauda --help` must be quick.
"""
