# Hashes, regular expressions, sorting, calls and closures. Argument: the factor of work.
use strict;
use warnings;

my $factor = shift // 1;

sub fib { my $n = shift; return $n < 2 ? $n : fib($n - 1) + fib($n - 2) }

my ($seed, %count, @words) = (42);
sub next_random { $seed = ($seed * 1103515245 + 12345) % 2147483648; return $seed >> 8 }

for (1 .. 150000 * $factor) {
  my $word = sprintf '%x', next_random() % 50021;
  $count{$word}++;
  push @words, $word if $word =~ /^([0-9a-f])\d+\1/;
}
my @top = (sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count)[0 .. 9];
my @composed = map { my $k = $_; sub { $_[0] * $k % 1009 } } 1 .. 20;
my $x = 1;
for (1 .. 8000 * $factor) { $x = $_->($x + 1) for @composed }
my $text = join ' ', @words;
my $changed = $text =~ s/([a-f])(\d)/$2$1/gr;
printf "%d %s %s %d %d\n", fib(20), "@top", substr($changed, 0, 40), scalar(@words), $x;
