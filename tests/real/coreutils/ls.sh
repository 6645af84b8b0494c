# run: ls -la /usr/share/perl/5.36.0
# packages: perl
# fast
