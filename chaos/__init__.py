"""`make chaos`: the whole desk under a busy market while its processes, its connections, its Redis and its database are broken.

seed -> schedule -> world (processes, each behind proxies of its own) -> checks over what was recorded -> report

Everything listens on and speaks to the loopback address only, ends by itself, and takes its processes with it.
"""
