# Python's own tests of signals and threads' signals.
# packages: python3 libpython3.11-testsuite
# run: /usr/bin/python3 "$SHARED/python_selftest.py" test_signal.PosixTests test_signal.WakeupFDTests test_signal.StressTest test_signal.RaiseSignalTest test_threadsignals
# limit: 200
