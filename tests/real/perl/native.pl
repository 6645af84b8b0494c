#!/usr/bin/perl
# Modules with C in them: digests, compression, big numbers, storable, encodings, sockets.
# packages: perl
use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use Digest::MD5 qw(md5_hex);
use Compress::Zlib;
use Storable qw(freeze thaw);
use Encode;
use Math::BigInt;
use List::Util qw(reduce shuffle sum);
use Socket;
use IO::Handle;
my $data = join ',', map { $_ ** 2 % 1009 } 1 .. 20000;
print sha256_hex($data), ' ', md5_hex($data), "\n";
my $packed = compress($data, 9);
print length($packed), ' ', uncompress($packed) eq $data ? 'same' : 'different', "\n";
print thaw(freeze({ list => [1 .. 5], text => $data }))->{list}[3], "\n";
print length(encode('UTF-16LE', decode('UTF-8', "\xc3\xa4b"))), "\n";
my $factorial = reduce { $a * $b } map { Math::BigInt->new($_) } 1 .. 60;
print "$factorial\n";
socketpair(my $one, my $two, AF_UNIX, SOCK_STREAM, PF_UNSPEC) or die;
if (my $pid = fork) {
  close $two;
  print $one "$_\n" for 1 .. 1000;
  $one->flush;
  shutdown $one, 1;
  print "sum ", <$one>;
  waitpid $pid, 0;
} else {
  close $one;
  print $two sum(<$two>), "\n";
  close $two;
  POSIX::_exit(0) if 0;
  exit 0;
}
