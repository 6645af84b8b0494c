#!/bin/bash
# An X server without a screen, and clients of it.
# packages: xvfb x11-utils x11-xserver-utils
Xvfb -displayfd 3 -screen 0 320x200x24 -nolisten tcp -noreset 3> number 2>/dev/null &
server=$!
until [[ -s number ]]; do sleep 0.05; done
export DISPLAY=:$(< number)
xdpyinfo | grep -E 'dimensions|depth of root'
xsetroot -solid red && xprop -root -f NAME 8s -set NAME value && xprop -root NAME
xwininfo -root | grep -E 'Width|Height|Depth'
kill $server
wait $server
echo "server: $?"
