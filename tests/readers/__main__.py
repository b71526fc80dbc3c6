"""Runs the tests of the readers: `python tests/readers [-v] [MODULE…]`. The last line counts them."""

import sys

# The folder of the tests holds nothing but sources.
sys.dont_write_bytecode = True

import pathlib
import unittest

import needs

HERE = pathlib.Path(__file__).resolve().parent


def main():
    try:
        needs.check()
    except needs.Missing as why:
        print(f"the readers cannot be tested: {why}", file=sys.stderr)
        return 1
    names = [name for name in sys.argv[1:] if not name.startswith("-")]
    loader = unittest.TestLoader()
    tests = loader.loadTestsFromNames(names) if names else loader.discover(str(HERE), top_level_dir=str(HERE))
    result = unittest.TextTestRunner(verbosity=2 if "-v" in sys.argv else 1).run(tests)
    failed = len({getattr(test, "test_case", test).id() for test, _ in result.failures + result.errors})
    print(f"{max(result.testsRun - failed, 0)} passed, {failed} failed")
    return 0 if result.testsRun and result.wasSuccessful() and not result.skipped else 1


sys.exit(main())
