"""What a commit leaves in the journal, the same in every log. Pure."""

from sauda.codec import encode
from sauda.contracts import Commit
from sauda.log import Lease, Step


def journal_record(lease: Lease, step: Step) -> bytes:
    """Return the journal's line for *step*, or nothing for a step that moved no input."""
    if not step.moves:
        return b""
    return encode(
        Commit(
            unit=lease.unit,
            epoch=lease.epoch,
            before={name: move.before.id.decode() for name, move in step.moves.items()},
            after={name: move.after.id.decode() for name, move in step.moves.items()},
            outputs=len(step.outputs),
        )
    )
