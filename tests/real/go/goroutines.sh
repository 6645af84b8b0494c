# run: "$PROGRAMS/goroutines"
# fast
