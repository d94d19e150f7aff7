"""Running the desk: `sauda up` and its relatives, the same in Docker and as plain processes.

    docker-compose.yml ──► compose ──► programs ──► local (supervisor)
                     └───────────────────────────► docker

Read in this order: `compose` (the one description), `request` (what was asked for), `desk` (what a running desk
can do), `docker` and `local` (the two ways to do it), `starting` (up, step by step).
"""
