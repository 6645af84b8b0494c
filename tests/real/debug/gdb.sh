# gdb on a file, with its own Python.
# packages: gdb
# run: gdb --batch -nx -ex 'info line main' -ex 'disassemble main' -ex 'print 6 * 7' -ex 'python print(sum(range(10)))' "$PROGRAMS/throws"
# fast
