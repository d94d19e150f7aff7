"""Errors, sorted by what has to be done next. A class is added only when a caller would do otherwise."""


class SaudaError(Exception):
    """Anything that Sauda raises on purpose."""


class ConfigError(SaudaError):
    """The settings or rules are wrong: refuse to start, name the setting."""


class ContractError(SaudaError):
    """A message or outside datum cannot be read: park it as a dead letter, go on."""


class TransientError(SaudaError):
    """Redis, the broker or a database stumbled: try again with backoff."""


class ForbiddenError(TransientError):
    """Redis' access control refuses the user or the command; nothing was done. Somebody may put it right meanwhile: tell, and try again."""


class LeaseLostError(SaudaError):
    """Another holder carries the unit now: drop what we have, wait for the lease."""


class PositionError(SaudaError):
    """The batch does not follow the committed position: load that position and go on from it."""


class InvariantError(SaudaError):
    """Our own state is impossible: stop the unit loudly, leave its state as it was."""
