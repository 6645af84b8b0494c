#!/bin/sh
# A script by its #! line, with arguments.
# run: "$CASE" a "b c"
# fast
echo "$# $2"
ls /nonexistent
exit 4
