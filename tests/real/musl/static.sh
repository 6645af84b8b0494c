# run: "$PROGRAMS/hello_musl_static"
# fast
