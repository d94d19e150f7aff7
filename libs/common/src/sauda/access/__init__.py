"""Who may do what on a desk's Redis: declared by each service, written down as users of the server's access control (ADR 35).

declared    what a service says that it reads, writes and carries (entry point group `sauda.access`)
grants      what follows from that: commands, each on the keys that it needs, and no other
users       all users of one desk as the lines of an ACL file
"""
