"""`python -m vlprep` and the script `vlprep` are the command line."""

import signal

# Until the command line listens, Ctrl-C ends the process as it ends any other: without a traceback.
if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from vlprep.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    main(prog_name="vlprep")  # or click would say "python -m vlprep", which no printed command does
