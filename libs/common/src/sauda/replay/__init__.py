"""A recorded moment once more: at its own pace, faster, or step by step; shown, or written into another desk.

    source -> items in the order in which they were written -> pace -> player -> shown, or target desk -> services

`pace` is pure. Nothing here writes to the desk that is read.
"""
