# packages: python3 libpython3.11-testsuite
# run: /usr/bin/python3 "$SHARED/python_selftest.py" test_subprocess test_posix test_fork1 test_popen test_wait3 test_wait4
# limit: 200
