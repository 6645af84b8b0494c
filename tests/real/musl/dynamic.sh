# run: "$PROGRAMS/hello_musl"
# fast
