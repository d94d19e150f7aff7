"""Who acts by hand: for the record."""


def who() -> str:
    """Return who decides, `asha@desk-1`."""
    import getpass
    import os
    import socket

    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = f"uid-{os.getuid()}"  # a container may run under a number that has no name
    return f"{user}@{socket.gethostname()}"
