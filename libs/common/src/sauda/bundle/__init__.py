"""A bundle: a slice of a desk's record in one file, for a colleague or a bug report, in which `diff` and `why` work.

    manifest.json              what it is, of which code and settings (secrets out), a SHA-256 of every other file
    book/book.json             where every unit stood at the slice's beginning and end: positions and state
    book/<stream>/<date>/…     the streams, as the archive keeps them: same ids, causes and bytes
    config/…                   the rules files and the market's dated data

It is a plain zip file. Read in this order: `slicing` (from where to where), `manifest` (the format), `packing`, `opening`.
"""
