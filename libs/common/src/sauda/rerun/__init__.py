"""Running a unit again over its recorded inputs, and comparing: what `sauda diff` and `sauda state` stand on.

source        what is read: a desk's streams, wherever they are kept
journal       one unit's records in the journal
recorded_log  the `Log` of a rerun: recorded inputs in, commits kept
rerun         one unit, carried again
recorded      what a unit said in life, found on streams that it shares with others
comparison    the two side by side
verify        a whole desk at once, all entries accounted for
"""

from sauda.rerun.verify import Verdict, verify

__all__ = ["Verdict", "verify"]
