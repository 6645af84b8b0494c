# packages: python3 libpython3.11-testsuite
# run: /usr/bin/python3 "$SHARED/python_selftest.py" test_thread test_threading.BarrierTests test_threading.ThreadJoinOnShutdown test_threading.TimerTests test_sched
# limit: 200
