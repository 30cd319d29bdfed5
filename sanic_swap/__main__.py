"""`python -m sanic_swap` does what the command `sanic-swap` does."""

from sanic_swap.cli import main

if __name__ == "__main__":
    main()
