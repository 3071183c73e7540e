"""`python -m bench`: all of it here, because processes that the bench starts import this module and nothing more."""

import sys

if __name__ == "__main__":
    from bench.run import main

    sys.exit(main())
