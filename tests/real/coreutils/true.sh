# The smallest program that Debian has.
# run: true
# fast
