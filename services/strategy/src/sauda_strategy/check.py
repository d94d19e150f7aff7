"""Are the rules usable? `python -m sauda_strategy.check config/strategies strategies` says so before a desk is started.

A running service leaves a broken file aside and trades the others; a person who starts the desk wants to know.
"""

import sys
from pathlib import Path

from sauda_strategy.loading import load_kinds
from sauda_strategy.rule_files import load_rules


def main(folder: str, own_kinds: str) -> int:
    """Return 0, or 2 after naming each broken file in *folder* and what is wrong with it; *own_kinds*: the user's strategies."""
    broken = load_rules(Path(folder), load_kinds(Path(own_kinds))).broken
    for error in broken.values():
        sys.stderr.write(f"{error}\n")
    return 2 if broken else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
