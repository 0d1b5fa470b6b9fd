"""`python -m vlprep` is the command `vlprep`."""

from vlprep.cli import main

if __name__ == "__main__":
    main()
