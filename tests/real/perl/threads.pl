#!/usr/bin/perl
# Interpreter threads, each with a clone of the interpreter, queues and shared variables.
# packages: perl
use strict;
use warnings;
use threads;
use threads::shared;
use Thread::Queue;
my $total : shared = 0;
my $jobs = Thread::Queue->new(1 .. 200);
$jobs->end;
my @workers = map {
  threads->create(sub {
    while (defined(my $n = $jobs->dequeue)) {
      my $sum = 0;
      $sum += $_ * $n % 97 for 1 .. 300;
      lock $total;
      $total += $sum;
    }
    return 1;
  })
} 1 .. 4;
$_->join for @workers;
print "total $total\n";
print threads->create(sub { eval { die "in thread\n" }; "caught $@" })->join;
my ($dead) = threads->create(sub { threads->exit(3) })->join;
print defined $dead ? "value\n" : "nothing\n";
my $ready : shared = 0;
my $stopped = threads->create(sub { $SIG{KILL} = sub { threads->exit }; $ready = 1; select undef, undef, undef, 0.01 while 1 });
threads->yield until $ready;
$stopped->kill('KILL')->join;
print scalar(threads->list), " left\n";
