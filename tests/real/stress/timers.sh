# Timers that fire thousands of times.
# packages: stress-ng
# run: stress-ng --quiet --verify --temp-path . --timer 1 --timer-ops 2000 --timer-freq 2000 --itimer 1 --itimer-ops 500 --itimer-freq 1000 --timerfd 1 --timerfd-ops 500 --alarm 1 --alarm-ops 50 --nanosleep 1 --nanosleep-ops 20
# limit: 90
