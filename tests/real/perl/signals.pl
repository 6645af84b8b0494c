#!/usr/bin/perl
# Handlers that die out of a system call, alarms in loops, SIGCHLD, blocked signals, a handler per signal.
# packages: perl
# fast
use strict;
use warnings;
use POSIX qw(:signal_h pause WNOHANG);
use Time::HiRes qw(setitimer ITIMER_REAL sleep);
my $ticks = 0;
$SIG{ALRM} = sub { $ticks++ };
setitimer(ITIMER_REAL, 0.002, 0.002);
my $x = 0;
while ($ticks < 50) { $x = ($x * 7 + 1) % 1000003 }
setitimer(ITIMER_REAL, 0);
print "50 ticks\n";
my $timed = eval { local $SIG{ALRM} = sub { die "timeout\n" }; alarm 1; sleep 20; 1 };
print $timed ? 'slept' : "died: $@";
my $set = POSIX::SigSet->new(SIGUSR1);
my @got;
$SIG{USR1} = sub { push @got, 'usr1' };
$SIG{USR2} = sub { push @got, 'usr2' };
sigprocmask(SIG_BLOCK, $set);
kill USR1 => $$;
kill USR2 => $$;
print "@got\n";
sigprocmask(SIG_UNBLOCK, $set);
print "@got\n";
my %ended;
$SIG{CHLD} = sub { while ((my $pid = waitpid -1, WNOHANG) > 0) { $ended{$pid} = $? >> 8 } };
my @pids;
for my $n (1 .. 10) { my $pid = fork; exit $n unless $pid; push @pids, $pid }
sleep 0.01 while keys %ended < 10;
print join(',', sort { $a <=> $b } values %ended), "\n";
$SIG{__DIE__} = sub { print "dying: $_[0]" };
eval { my @a = (1) x 3; my $n = 0; my $q = 1 / $n };
kill 9, $$;
