"""What tests of Sauda and of strategies for it need: builders, and desks that run without Redis.

The log in memory is `sauda.memory_log`; `lockstep` plays a market through units on it.
"""
