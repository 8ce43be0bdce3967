#!/bin/sh
# A host whose memory is a cgroup's, in mount and pid namespaces of its own, with one unit: leaky.service.
#
#   leak-host.sh DIRECTORY enter COMMAND...   joins the cgroup, and boots in new namespaces
#   leak-host.sh DIRECTORY boot COMMAND...    puts the cgroup's figures in the place of the kernel's, starts the unit,
#                                             and becomes COMMAND, as its pid 1
#   leak-host.sh DIRECTORY login              what sshd runs for each login
#   leak-host.sh DIRECTORY systemctl ...      a systemd that shows that unit, and really restarts it
#   leak-host.sh DIRECTORY keep               what stays beside the unit, and knows how it ended
#
# DIRECTORY/facts says where the cgroup is (cgroup), what its files are called (usage, kills), how much it may have
# (limit_kb), and what the worker is (worker).
self=$0 directory=$1 verb=$2
shift 2
. "$directory/facts"

# Written by builtins: when memory is gone, the fewer processes the better.
tell_memory() {
  cache=0 killed=0
  read -r used <"$cgroup/$usage"
  while read -r key value; do
    case $key in inactive_file | active_file) cache=$((cache + value)) ;; esac
  done <"$cgroup/memory.stat"
  while read -r key value; do case $key in oom_kill) killed=$value ;; esac; done <"$cgroup/$kills"
  left=$((limit_kb - (used - cache) / 1024))
  [ $left -ge 0 ] || left=0
  printf 'MemTotal: %d kB\nMemFree: %d kB\nMemAvailable: %d kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n' \
    "$limit_kb" "$left" "$left" >"$directory/meminfo"
  printf 'oom_kill %d\n' "$killed" >"$directory/vmstat"
}

state() {
  if [ -e "$directory/unit.pid" ]; then active=active; else read -r active <"$directory/unit.ended"; fi
}

start() {
  echo activating >"$directory/unit.ended"
  setsid sh "$self" "$directory" keep </dev/null >/dev/null 2>&1 &
  while state && [ $active = activating ]; do sleep 0.05; done
}

stop() {
  state
  [ $active = active ] || return 0
  read -r pid <"$directory/unit.pid"
  kill "$pid"
  while [ -e "$directory/unit.pid" ]; do sleep 0.05; done
}

keep() {
  $worker &
  echo $! >"$directory/unit.new"
  mv "$directory/unit.new" "$directory/unit.pid"
  wait $!
  case $? in 0 | 143) ended=inactive ;; *) ended=failed ;; esac
  echo $ended >"$directory/unit.ended"
  rm "$directory/unit.pid"
}

case $verb in
  enter)
    echo $$ >"$cgroup/cgroup.procs" || exit
    exec unshare --mount --pid --fork --kill-child --mount-proc sh "$self" "$directory" boot "$@"
    ;;
  boot)
    tell_memory
    mount --bind "$directory/meminfo" /proc/meminfo
    mount --bind "$directory/vmstat" /proc/vmstat
    # The pressure there is the whole machine's.
    [ ! -e /proc/pressure/memory ] || mount --bind /dev/null /proc/pressure/memory
    for path in /usr/bin/systemctl /usr/sbin/systemctl; do
      [ ! -e $path ] || mount --bind "$directory/bin/systemctl" $path
    done
    mount --bind "$directory/bin" /usr/local/sbin
    start
    exec "$@"
    ;;
  login)
    tell_memory
    exec sh -c "$SSH_ORIGINAL_COMMAND"
    ;;
  systemctl)
    asked= verb= unit=
    while [ $# -gt 0 ]; do
      case $1 in
        -p) asked="$asked $2" && shift ;;
        -*) ;;
        *) [ "$verb" ] && unit=$1 || verb=$1 ;;
      esac
      shift
    done
    state
    load=loaded
    [ "$unit" = leaky.service ] || load=not-found active=inactive
    case $load:$verb in
      *:show)
        for name in $asked; do
          case $name in
            LoadState) echo LoadState=$load ;;
            ActiveState) echo ActiveState=$active ;;
            NRestarts) echo NRestarts=0 ;;
          esac
        done
        ;;
      loaded:restart) stop && start ;;
      *) echo "this systemctl only shows and restarts leaky.service" >&2 && exit 1 ;;
    esac
    ;;
  keep) keep ;;
esac
