"""Runs modules, classes or tests of Python's own test suite; says how many passed, and which did not.

    python_selftest.py NAME... [-NAME...]     -NAME leaves out what has NAME in its id
"""
import os
import sys
import unittest

wanted = [name for name in sys.argv[1:] if not name.startswith("-")]
left_out = [name[1:] for name in sys.argv[1:] if name.startswith("-")]
sys.argv[1:] = []


def tests_of(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from tests_of(test)
        elif not any(name in test.id() for name in left_out):
            yield test


def main():
    import test.support
    test.support.use_resources = []
    report = os.fdopen(os.dup(1), "w")
    # The tests' own output has times in it.
    log = os.open("log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    for name in wanted:
        suite = unittest.TestSuite(tests_of(unittest.defaultTestLoader.loadTestsFromName(f"test.{name}")))
        result = unittest.TextTestRunner(verbosity=2).run(suite)
        print(f"{name}: {result.testsRun} ran, {len(result.skipped)} skipped", file=report)
        for test, _ in result.failures + result.errors:
            print(f"  failed: {test}", file=report)
        report.flush()
    report.close()


if __name__ == "__main__":
    main()
