"""`python -m giban` is the same as the `giban` command."""

from giban.cli import main

if __name__ == "__main__":
    main()
