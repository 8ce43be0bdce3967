#!/bin/sh
# The common beginning of crawlwatch's restart scripts: restart-worker.sh or restart-sshd.sh follows.
#
# They run as root, or by sudo where that asks for no password. They always exit 0: to the SSM agent 194 means "reboot me"
# and 137 "timed out". What they print begins with the line `crawlwatch restart 1` and ends with the line
# `end ok TEXT` or `end failed TEXT`. A host that is out of processes ends the shell anywhere; the trap then prints how
# far it came. Tools are found through the one line that begins PATH=/usr.

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

# A stop may wait 90 s for a job, longer than the answer may take. The restart goes on after this command has ended.
patiently() { if command -v timeout >/dev/null; then timeout 60 "$@" </dev/null 2>&1; else "$@" </dev/null 2>&1; fi; }

# The value of one property of the unit.
show() {
  value=$(systemctl show -p "$1" -- "$unit" </dev/null 2>/dev/null)
  value=${value#*=}
}

