#!/usr/bin/perl
# crawler.service of the machine: so many processes, each of which holds BASE MiB and walks over all that it holds, as a
# garbage collector does. From SIGUSR1 on each of them leaks KIB more a second.
#
#   crawler PROCESSES BASE KIB
use strict;
use warnings;

my ($processes, $base, $kib) = @ARGV;
my $chunk = "\1" x 65536;
my $leaks;
$SIG{USR1} = sub { $leaks //= time };

for (1 .. $processes) {
  my $pid = fork // die "fork: $!";
  work() if $pid == 0;
}
# It ends with the first of them. A signal ends a wait, too.
1 until wait > 0;
die "a process of the crawler ended\n";

sub work {
  my @held;
  while (1) {
    my $due = ($base * 1024 + ($leaks ? $kib * (time - $leaks) : 0)) / 64;
    push @held, $chunk . '' while @held < $due;
    for my $one (@held) {
      for (my $at = 0; $at < 65536; $at += 4096) { substr($one, $at, 1) = "\2" }
    }
    select undef, undef, undef, 0.2;
  }
}
