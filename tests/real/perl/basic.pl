#!/usr/bin/perl
# packages: perl
# fast
open my $numbers, '>', 'numbers';
print $numbers $_ * 7919 % 1000003, "\n" for 1 .. 50000;
close $numbers;
open $numbers, '<', 'numbers';
my %h;
while (<$numbers>) { $h{$1}++ if /^(\d\d)/ }
print join(',', map { "$_=$h{$_}" } sort keys %h), "\n";
print scalar(grep { fork ? (wait, $? >> 8 == $_)[1] : exit $_ } 1 .. 5), "\n";
warn "done\n";
exit 5;
