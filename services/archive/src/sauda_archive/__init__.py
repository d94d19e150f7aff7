"""The archive: moves what is on the streams into files, and takes it off Redis once it is safe there and read by all.

    every stream  ->  files by desk, book, stream and trading date

Read in this order: `settings` (how much, how soon, how long), `days` (which trading date is an entry of?), `progress` (how far is
each stream, and is it due?), `copying` (entries into a file, and is it there?), `closing` (a book that is over), `archiver` (the
loop around it, and what it does while the archive is away), `__main__` (the wiring).
"""
