# For a host that answers, but whose sshd doesn't: restarts sshd, if its configuration is good, and prints the result. It
# takes no arguments.

main() {
  echo 'crawlwatch restart 1'
  trap "echo 'end failed it was not restarted: the host could start no process'" EXIT
  command -v systemctl >/dev/null || finish failed 'this host has no systemctl'
  command -v sshd >/dev/null || finish failed 'this host has no sshd'
  for unit in ssh.service sshd.service none; do
    show LoadState
    [ "$value" != loaded ] || break
  done
  [ "$unit" != none ] || finish failed 'systemd knows neither ssh.service nor sshd.service'
  sudo=
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || finish failed "$(id -un) is not root, and this host has no sudo"
    sudo='sudo -n'
  fi
  # A restart with a bad configuration would end the sessions' only way back in.
  sshd=$(command -v sshd)
  said=$(patiently $sudo "$sshd" -t)
  status=$?
  # systemd takes this directory away with a service that has stopped, and makes it again when it starts it.
  case $status:$said in
    0:*) ;;
    *'privilege separation directory: /run/sshd'*)
      said=$(patiently $sudo mkdir -m 755 /run/sshd)
      said=$(patiently $sudo "$sshd" -t)
      status=$?
      ;;
  esac
  [ $status = 0 ] || finish failed "sshd was not restarted: its configuration is not good (sshd -t): ${said:-status $status}"
  trap "echo 'end failed it is not known whether it was restarted: the host could start no process'" EXIT
  said=$(patiently $sudo systemctl restart -- "$unit")
  status=$?
  show ActiveState
  case $status:$value in
    0:active | 0:activating) finish ok "$unit was restarted and is $value" ;;
    0:*) finish failed "$unit was restarted, but is ${value:-in a state that systemd does not show}" ;;
    124:* | 143:*) finish ok "$unit was asked to restart, and is still $value after 60 s" ;;
    *) finish failed "$unit was not restarted: ${said:-systemctl ended with $status}" ;;
  esac
}
main
