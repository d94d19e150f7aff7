"""A day's contract note: what was traded, what it cost line by line, and what is due. Pure: fills in, text or a page out.

Read in this order: `note` (what it holds), `drawing_up` (how it follows from fills), `rows` (what it says), `sheet` (as text),
`page` (as HTML).
"""
