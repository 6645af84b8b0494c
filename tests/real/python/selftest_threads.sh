# packages: python3 libpython3.11-testsuite
# run: /usr/bin/python3 "$SHARED/python_selftest.py" test_threading test_thread test_queue test_sched
# limit: 200
