"""`python -m vlprep` is the command `vlprep`."""

from vlprep.cli import main

if __name__ == "__main__":
    main(prog_name="vlprep")  # or click would say "python -m vlprep", which no printed command does
