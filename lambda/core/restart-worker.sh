#!/bin/sh
# crawlwatch's gentlest remedy: restarts one service, the crawler's, and says how that went.
#
#   sh -s -- UNIT <restart-worker.sh
#
# It runs as root, or by sudo where that asks for no password. Nothing but UNIT comes from outside. It exits 0 whatever
# happens: to the SSM agent 194 means "reboot me" and 137 "timed out". What it prints begins with the line
# `crawlwatch restart 1` and ends with the line `end ok TEXT` or `end failed TEXT`. A host that is out of processes ends
# the shell anywhere; the trap then tells how far it came. Tools are found through the one line that begins PATH=/usr.

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

# A stop may wait for a job of 90 s, but nobody waits that long for an answer. The restart goes on without us.
patiently() { if command -v timeout >/dev/null; then timeout 60 "$@" </dev/null 2>&1; else "$@" </dev/null 2>&1; fi; }

# The value of one property of the unit.
show() {
  value=$(systemctl show -p "$1" -- "$unit" </dev/null 2>/dev/null)
  value=${value#*=}
}

main() {
  echo 'crawlwatch restart 1'
  trap "echo 'end failed it was not restarted: the host could start no process'" EXIT
  unit=$1
  # A name of another kind of unit becomes that of a service: `reboot.target` must stop no host.
  case $unit in *.service) ;; *) unit=$unit.service ;; esac
  case $#:$unit in
    1:-* | 1:.* | 1:systemd-*) finish failed 'it names no service that may be restarted' ;;
    1:*[!A-Za-z0-9:_.@-]*) finish failed 'it names no service: only letters, digits and : _ . @ - may be in it' ;;
    1:*) ;;
    *) finish failed 'exactly one service has to be named' ;;
  esac
  command -v systemctl >/dev/null || finish failed 'this host has no systemctl'
  show LoadState
  case $value in
    loaded) ;;
    '') finish failed "systemd does not answer for $unit" ;;
    *) finish failed "systemd can't restart $unit: it is $value" ;;
  esac
  sudo=
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || finish failed "$(id -un) is not root, and this host has no sudo"
    sudo='sudo -n'
  fi
  trap "echo 'end failed it is not known whether it was restarted: the host could start no process'" EXIT
  said=$(patiently $sudo systemctl restart -- "$unit")
  status=$?
  show ActiveState
  case $status:$value in
    0:active | 0:activating)
      # A service that dies at once is up for a moment.
      sleep 2
      show ActiveState
      ;;
  esac
  case $status:$value in
    0:active | 0:activating) finish ok "$unit was restarted and is $value" ;;
    0:*) finish failed "$unit was restarted, but is ${value:-in a state that systemd does not tell}" ;;
    124:* | 143:*) finish ok "$unit has been told to restart, and is still $value after 60 s" ;;
    *)
      case $sudo$said in sudo*[Ss]udo*) said="$said; sudoers must let $(id -un) run systemctl restart $unit without a password" ;; esac
      finish failed "$unit was not restarted: ${said:-systemctl ended with $status}"
      ;;
  esac
}
main "$@"
