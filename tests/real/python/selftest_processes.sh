# packages: python3 libpython3.11-testsuite
# run: /usr/bin/python3 "$SHARED/python_selftest.py" test_posix test_popen test_wait3 test_subprocess.RunFuncTestCase test_subprocess.MiscTests
# limit: 200
