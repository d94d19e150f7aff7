"""What this service may do on the desk's Redis, and nothing more: its user is made from this (`sauda.access`)."""

from typing import Final

from sauda.access.declared import Access, Duty

UNIT: Final = "archive"
"""Name of the archiver's unit: one holder per desk."""

ACCESS: Final = Access("archive", units=(UNIT,), duty=Duty.ARCHIVE)
