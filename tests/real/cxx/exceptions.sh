# run: "$PROGRAMS/throws"
# fast
