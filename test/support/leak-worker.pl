# A worker that leaks by the clock of its host: the file DIRECTORY/clock, in minutes. It holds BASE MiB from the start
# and KIB more each minute, and says in DIRECTORY/reached up to which minute it holds what it should.
use strict;
my ($directory, $base, $kib) = @ARGV;
my $chunk = "\1" x 65536;
my @held;
my $said = -1;
$0 = 'leaky';

sub minute {
  open my $file, '<', "$directory/clock" or die;
  return <$file> + 0;
}

my $from = minute();
while (1) {
  my $now = minute();
  my $due = ($base * 1024 + $kib * ($now - $from)) / 64;
  push @held, $chunk . '' while @held < $due;
  if ($now != $said) {
    open my $file, '>', "$directory/reached.new" or die;
    print $file "$now\n";
    close $file;
    rename "$directory/reached.new", "$directory/reached";
    $said = $now;
  }
  select undef, undef, undef, 0.02;
}
