"""Runs a service that must not outlive the program that started it: `python -m sauda.replay.guarded sauda_strategy`.

The starter holds the other end of this process' standard input. However it ends, kill -9 included, that end closes, and
the service stops as after SIGTERM.
"""

import os
import runpy
import signal
import sys
import threading


def _watch() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """Run the module named on the command line."""
    module = sys.argv[1]
    sys.argv = [module]
    threading.Thread(target=_watch, name="starter", daemon=True).start()
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
