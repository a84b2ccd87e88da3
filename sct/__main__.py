"""`python -m sct`: the command line."""

from sct.cli import main

if __name__ == "__main__":
    main()
