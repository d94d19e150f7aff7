"""What this service may do on the desk's Redis, and nothing more: its user is made from this (`sauda.access`)."""

from typing import Final

from sauda.access.declared import Access, Duty
from sauda_archive.archiver import UNIT

ACCESS: Final = Access("archive", units=(UNIT,), duty=Duty.ARCHIVE)
