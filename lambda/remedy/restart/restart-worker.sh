# The gentlest remedy: restarts one service, the crawler's, and prints the result.
#
#   sh -s -- UNIT <restart-common.sh and this
#
# Nothing but UNIT comes from outside.

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
    0:*) finish failed "$unit was restarted, but is ${value:-in a state that systemd does not show}" ;;
    124:* | 143:*) finish ok "$unit was asked to restart, and is still $value after 60 s" ;;
    *)
      case $sudo$said in sudo*[Ss]udo*) said="$said; sudoers must let $(id -un) run systemctl restart $unit without a password" ;; esac
      finish failed "$unit was not restarted: ${said:-systemctl ended with $status}"
      ;;
  esac
}
main "$@"
