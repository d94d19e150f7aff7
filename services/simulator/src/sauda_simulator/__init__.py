"""A broker in a box: it speaks the Noren protocol, so the unmodified NorenRestApiPy runs against it.

    market (pure)  ->  wire (Noren's words)  ->  REST, WebSocket, symbol masters
                                                 admin: the clock and the fault knobs

Read in this order: `market.session` (which market instant is it?), `market.index_path` and
`market.pricing` (what does everything cost then?), `market.listing` (what is traded), `wire`
(how Noren says it), `login`, `rest`, `publisher` (who is told, and when), `faults`, `__main__`.

Nothing here is part of a desk: no Redis, no streams. A desk meets the simulator over the network,
as it meets a real broker.
"""
