"""Bars of everything whose ticks are on the desk, for people and the archive; strategies make their own (ADR 0021).

Read in this order: `desk` (what a message leads to), `units` (what it is made of), `__main__` (the wiring).
"""
