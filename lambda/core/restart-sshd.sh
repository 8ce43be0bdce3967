#!/bin/sh
# crawlwatch's remedy for a host that answers, but whose sshd doesn't: restarts sshd, if its configuration is good, and
# says how that went. It takes no arguments.
#
# It runs as root, or by sudo where that asks for no password. It exits 0 whatever happens: to the SSM agent 194 means
# "reboot me" and 137 "timed out". What it prints begins with the line `crawlwatch restart 1` and ends with the line
# `end ok TEXT` or `end failed TEXT`. Tools are found through the one line that begins PATH=/usr.

unset -f unalias command printf wait
unalias -a
set -f +e +u
export LC_ALL=C
IFS=' 	
'
PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin:/run/current-system/sw/bin
export PATH

# finish ok|failed TEXT: TEXT in one line, cut by printf.
finish() {
  trap - EXIT
  outcome=$1 && shift
  set -- $*
  printf 'end %s %.300s\n' "$outcome" "$*"
  exit 0
}

patiently() { if command -v timeout >/dev/null; then timeout 60 "$@" </dev/null 2>&1; else "$@" </dev/null 2>&1; fi; }

# The value of one property of the unit.
show() {
  value=$(systemctl show -p "$1" -- "$unit" </dev/null 2>/dev/null)
  value=${value#*=}
}

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
  # systemd takes this directory away with a service that has stopped, and makes it anew when it starts it.
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
    0:*) finish failed "$unit was restarted, but is ${value:-in a state that systemd does not tell}" ;;
    124:* | 143:*) finish ok "$unit has been told to restart, and is still $value after 60 s" ;;
    *) finish failed "$unit was not restarted: ${said:-systemctl ended with $status}" ;;
  esac
}
main
