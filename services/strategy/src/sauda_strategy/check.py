"""Are the rules usable? `python -m sauda_strategy.check config/strategies` says so before a desk is started.

A running service leaves a broken file aside and trades the others; a person who starts the desk wants to know.
"""

import sys
from pathlib import Path

from sauda_strategy.rules import load_rules


def main(folder: str) -> int:
    """Return 0, or 2 after naming each broken file in *folder* and what is wrong with it."""
    broken = load_rules(Path(folder)).broken
    for error in broken.values():
        sys.stderr.write(f"{error}\n")
    return 2 if broken else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
