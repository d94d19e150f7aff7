"""Bars of the past: the local store, and how a question about them is answered from all who know some of them.

store (files)  ->  archive (the desk's own bars)  ->  broker or recording
what one does not know, the next is asked; earlier ones win
"""
