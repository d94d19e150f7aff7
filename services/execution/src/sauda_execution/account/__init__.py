"""The paper account: its cash, what margin blocks of it, and the No to an order that it cannot carry.

    fill   ->  `ledger`    cash and positions, to the paisa
    order  ->  `prices`    what the market says of an underlying's legs
           ->  `legs`      what waits on an underlying
           ->  `priced`    positions and waiting entries as `sauda.margin` wants them
           ->  `needs`     what an underlying needs: by our scenarios
           ->  `blocked`   kept by underlying, until its legs change again
           ->  `broker`    what the broker says of the same legs, if the house asks it
           ->  `exits`     what of it an exit uncovers
           ->  `estimate`  about what an order costs in charges
           ->  `means`     all of it together: does it leave enough for a wish?
           ->  `part`      the part of the exchange that is asked and told
    people ->  `enquiry`, `statement`

docs/margin.md explains the model.
"""

from sauda_execution.account.part import MarginAccount, account_parts

__all__ = ["MarginAccount", "account_parts"]
