# Listens on ADDRESS and PORT (0: any), prints its port, and hands each connection to `sshd -i -f CONFIG`. Its accept queue is kept full, so
# that the kernel drops a connection's first SYN. WHEN `late`: it is then emptied, and the retransmitted SYN is answered, a
# second after the first. WHEN `never`: the address stays silent.
use strict;
use warnings;
use Errno;
use IO::Handle;
use Socket qw(:DEFAULT SOCK_NONBLOCK);
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

my ($filler, $filled_by);
# A queue of length 0 holds one connection. A client may have taken that place first: then the kernel drops the filler's SYN
# instead, which counts too, so this must not wait for it.
sub fill {
  socket($filler, PF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0) or die "socket: $!";
  connect($filler, sockaddr_in($port, inet_aton($address))) or $!{EINPROGRESS} or die "connect: $!";
  $filled_by = getsockname $filler;
}

sub serve {
  my $client = shift;
  my $child = fork;
  die "fork: $!" unless defined $child;
  return if $child;
  open STDIN, '<&', $client or die;
  open STDOUT, '>&', $client or die;
  open STDERR, '>', '/dev/null' or die;
  exec '/usr/sbin/sshd', '-i', '-f', $config;
}

my $before = dropped();
fill();
print "$port\n";
if ($when eq 'never') { sleep 3600 while 1; }
while (1) {
  sleep 0.02 while dropped() == $before;
  my $from = accept(my $first, $listener) or die "accept: $!";
  serve($first) if $from ne $filled_by;
  close $_ for $first, $filler;
  # Each SYN that was dropped comes again, unless another listener's client had sent it: several may be on their way, and there
  # must be a place for each of them.
  listen($listener, 16) or die "listen: $!";
  for (my $served = 0; $served < dropped() - $before; $served++) {
    my $readable = '';
    vec($readable, fileno $listener, 1) = 1;
    select($readable, undef, undef, 3) or last;
    accept(my $client, $listener) or die "accept: $!";
    serve($client);
    close $client;
  }
  listen($listener, 0) or die "listen: $!";
  $before = dropped();
  fill();
}
