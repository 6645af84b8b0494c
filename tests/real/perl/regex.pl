#!/usr/bin/perl
# Backtracking, recursion, lookbehind, code in patterns, Unicode.
# packages: perl
use strict;
use warnings;
use utf8;
binmode STDOUT, ':utf8';
my $text = join ' ', map { sprintf '%s%d', chr(97 + $_ * 7 % 26) x ($_ % 5 + 1), $_ * 31 % 977 } 1 .. 3000;
my %seen;
$seen{length $1}++ while $text =~ /((\w)\2+\d+)/g;
print join(' ', map { "$_:$seen{$_}" } sort { $a <=> $b } keys %seen), "\n";
my $balanced = qr/(\((?:[^()]++|(?1))*\))/;
print "$1\n" if 'f(a(b)c(d(e)))(' =~ $balanced;
print join('|', 'price: 12€, 7€, 30$' =~ /(?<=\s)(\d+)(?=€)/g), "\n";
my $count = 0;
'aaaa' =~ /a*(?{ $count++ })(*FAIL)/;
print "$count ways\n";
(my $swapped = $text) =~ s/(?<word>[a-m]+)(?<number>\d+)/$+{number}$+{word}/g;
print unpack('%32C*', $swapped), "\n";
print "ÄÖÜ ß" =~ /^\p{Lu}{3}\s\p{Ll}$/ ? lc("ÄÖÜ") : 'no', "\n";
print "no match\n" unless ('x' x 22) =~ /^(x+x+)+y/;
print join(',', sort { $a <=> $b } map { tr/aeiou// } split / /, $text) =~ tr/1//, "\n";
