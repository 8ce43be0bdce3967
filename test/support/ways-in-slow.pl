# Listens on ADDRESS and PORT (0: any), prints its port, and hands each connection to `sshd -i -f CONFIG`. Its accept queue is kept full, so
# that the kernel drops a connection's first SYN. WHEN `late`: it is then emptied, and the retransmitted SYN is answered, a
# second after the first. WHEN `never`: the address stays silent.
use strict;
use warnings;
use IO::Handle;
use Socket;
use Time::HiRes qw(sleep);

my ($address, $wanted, $when, $config) = @ARGV;
$SIG{CHLD} = 'IGNORE';
STDOUT->autoflush(1);

socket(my $listener, PF_INET, SOCK_STREAM, 0) or die "socket: $!";
bind($listener, sockaddr_in($wanted, inet_aton($address))) or die "bind: $!";
listen($listener, 0) or die "listen: $!";
my ($port) = sockaddr_in(getsockname $listener);

# Of this network namespace: how often a SYN found an accept queue full.
sub dropped {
  open my $file, '<', '/proc/net/netstat' or die "netstat: $!";
  my ($names, $values) = grep { /^TcpExt:/ } <$file>;
  my %count;
  @count{split ' ', $names} = split ' ', $values;
  return $count{ListenOverflows};
}

my $filler;
sub fill { # A queue of length 0 holds one connection.
  socket($filler, PF_INET, SOCK_STREAM, 0) or die "socket: $!";
  connect($filler, sockaddr_in($port, inet_aton($address))) or die "connect: $!";
}

fill();
print "$port\n";
if ($when eq 'never') { sleep 3600 while 1; }
while (1) {
  my $before = dropped();
  sleep 0.02 while dropped() == $before;
  accept(my $old, $listener) or die "accept: $!";
  close $old;
  close $filler;
  my $readable = '';
  vec($readable, fileno $listener, 1) = 1;
  # Whose SYN was dropped may have been another listener's client.
  if (select($readable, undef, undef, 3)) {
    accept(my $client, $listener) or die "accept: $!";
    my $child = fork;
    die "fork: $!" unless defined $child;
    if ($child == 0) {
      open STDIN, '<&', $client or die;
      open STDOUT, '>&', $client or die;
      open STDERR, '>', '/dev/null' or die;
      exec '/usr/sbin/sshd', '-i', '-f', $config;
    }
    close $client;
  }
  fill();
}
