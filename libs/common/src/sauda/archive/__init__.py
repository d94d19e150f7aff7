"""The archive: streams as compressed files, for ever, in a folder or on object storage.

    <SAUDA_ARCHIVE>/<desk>/<book>/<stream>/<trading date>/<first id>_<last id>.parquet

Read in this order: `span` (ids as numbers, from where to where), `naming` (what a path says), `segment` (the format of
one file), `store` and `objects` (where files lie), `book` (all files of one book as one sequence), `finding` (which book is
meant). `sauda.record` joins it with what is still on the streams; the service `archive` writes it.
"""
