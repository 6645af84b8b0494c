# packages: python3 libpython3.11-testsuite
# run: /usr/bin/python3 "$SHARED/python_selftest.py" test_ctypes test_mmap test_struct test_array
# limit: 200
