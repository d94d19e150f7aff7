"""Where `sauda.rerun.verify` was before it became part of the library."""

from sauda.rerun.verify import Verdict, verify

__all__ = ["Verdict", "verify"]
