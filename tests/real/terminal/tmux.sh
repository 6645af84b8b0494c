#!/bin/bash
# A server with pseudo terminals, shells within, keys sent from outside, SIGWINCH.
# packages: tmux
export TERM=screen SHELL=/bin/sh PS1='$ '
tmux() { command tmux -S "$PWD/socket" -f /dev/null "$@"; }
tmux new-session -d -x 60 -y 10 'env PS1="> " sh'
tmux send-keys 'echo $((6 * 7)); stty size' Enter
until tmux capture-pane -p | grep -q '^[0-9]* 60'; do sleep 0.05; done
tmux capture-pane -p | grep -o '^[0-9]* 60'
tmux split-window -h 'sleep 0.3; exit 3'
tmux list-panes -F '#{pane_width}x#{pane_height}'
tmux resize-window -x 40 -y 8
tmux display-message -p '#{window_width}x#{window_height} #{session_windows}'
tmux send-keys -t 0 'exec true' Enter
while tmux list-panes >/dev/null 2>&1; do sleep 0.05; done
echo over
