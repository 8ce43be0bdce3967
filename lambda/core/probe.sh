#!/bin/sh
# crawlwatch's probe: what a host says about itself, in under 2,400 bytes of printable ASCII.
#
#   sh -s -- [sshd:PORT] [UNIT...] <probe.sh
#
# It installs nothing, writes nothing, leaves nothing running and always exits 0: to the SSM agent 194 means "reboot
# me" and 137 "timed out". Memory comes from /proc by builtins alone, so that a host that can't fork still tells.
# The recording of another machine can be replayed: every path lies in /proc/ or /etc/, and every tool is called by
# its bare name through the one line that begins PATH=/usr.
#
# A report runs from the line `crawlwatch 1` to the line `end BYTES`, which counts what stands between, itself left out:
#   mem NAME=KIB...      from /proc/meminfo (HugePages_Total is a count)     vm oom_kill=KILLS   since boot
#   psi some=P full=P    memory pressure, percent of the last ten seconds    load L    up SECONDS    boot ID
#   os KERNEL ID VERSION                                                     proc PID KIB NAME   largest first
#   unit NAME STATE RESTARTS, then `units systemd` (one not listed is not loaded), `units process` (one not listed has
#                        no process of that name) or `units unknown` (of one not listed nothing is known)
#   sshd PORT up|down|unknown
#   disk BLOCKSIZE BLOCKS FREE AVAILABLE INODES INODES-FREE ro|rw MOUNT      MOUNT escaped as the kernel does, \040
#   late MOUNT           did not answer       more N   disks that had no room       unasked N   disks not asked
#   fork 0               no process could be started; then `mount ro|rw MOUNT` takes the place of `disk`

# Nothing may come from the environment. A function or alias could stand in for a builtin, TMOUT limits bash's read.
unset -f unalias command printf print read kill wait
unalias -a
unset TMOUT DBUS_SYSTEM_BUS_ADDRESS SYSTEMD_BUS_TIMEOUT
[ -w /dev/null ] && exec 2>/dev/null
set -f +e +u
export LC_ALL=C
tab='	' nl='
'
blank=" $tab$nl" IFS=$blank
PATH=/dev/null
# mksh has no printf of its own, the others no print. echo treats backslashes differently everywhere.
if command -v printf >/dev/null; then
  put() { printf '%s\n' "$1"; }
else
  put() { print -r -- "$1"; }
fi
PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin:/run/current-system/sw/bin
export PATH

bytes=0
say() {
  put "$1"
  bytes=$((bytes + ${#1} + 1))
}

# clean TEXT: sets $text to it, every byte but printable ASCII as `?`.
clean() {
  text= tail=$1
  while :; do
    case $tail in
      *[!\ -~]*) head=${tail%%[!\ -~]*} ;;
      *) break ;;
    esac
    text=$text$head?
    tail=${tail#"$head"?}
  done
  text=$text$tail
}

# shorten TEXT: sets $text to it, the middle of a long one left out.
shorten() {
  text=$1
  [ ${#1} -gt 80 ] || return
  head=$1 tail=$1
  while [ ${#head} -gt 32 ]; do head=${head%?}; done
  while [ ${#tail} -gt 45 ]; do tail=${tail#?}; done
  text=$head...$tail
}

say_memory() {
  line=mem
  while read -r key value rest; do
    case $key in
      MemTotal: | MemFree: | MemAvailable: | Buffers: | Cached: | SReclaimable: | Shmem: | SwapTotal: | SwapFree: | \
        HugePages_Total: | Hugepagesize:) line="$line ${key%:}=$value" ;;
    esac
  done </proc/meminfo
  say "$line"
  while read -r key value; do
    case $key in oom_kill) say "vm oom_kill=$value" ;; esac
  done </proc/vmstat
  line=psi
  while read -r key value rest; do
    case $value in avg10=*) line="$line $key=${value#avg10=}" ;; esac
  done </proc/pressure/memory
  [ "$line" = psi ] || say "$line"
}

say_identity() {
  read -r value rest </proc/loadavg && say "load $value"
  read -r value rest </proc/uptime && say "up $value"
  read -r value </proc/sys/kernel/random/boot_id && say "boot $value"
  kernel= distribution= release=
  read -r kernel </proc/sys/kernel/osrelease
  while read -r line; do
    value=${line#*=} value=${value#[\"\']} value=${value%[\"\']}
    case $line in
      ID=*) distribution=$value ;;
      VERSION_ID=*) release=$value ;;
    esac
  done </etc/os-release
  clean "$kernel $distribution $release"
  shorten "$text"
  say "os $text"
}

# process_name UNIT: sets $text to the name that its process would have; the kernel keeps 15 bytes.
process_name() {
  text=${1%.service} text=${text%%@*}
  while [ ${#text} -gt 15 ]; do text=${text%?}; done
}

# Prints the five largest processes. Sets $running to those names of $wanted that run, $complete when every process
# could be seen, $stuck when a query of an earlier probe hangs on a dead device. Never reads cmdline: it holds secrets,
# and reading it can block on the memory lock of a process that swaps.
say_processes() {
  running=' ' complete=yes stuck= seen=0
  r1=0 r2=0 r3=0 r4=0 r5=0 p1= p2= p3= p4= p5=
  [ -r /proc/1/stat ] || complete=
  set +f
  for file in /proc/[0-9]*/stat; do
    set -f
    seen=$((seen + 1))
    [ $seen -le 5000 ] || { complete= && break; }
    read -r line <"$file" || continue
    pid=${line%% *} name=${line#*\(} name=${name%\) *}
    set -- ${line##*\) }
    case $1 in Z | X) continue ;; esac
    case $wanted in *" $name "*) running="$running$name " ;; esac
    [ "$1 $name" != 'D stat' ] || stuck=yes
    pages=${22}
    [ "$pages" -gt $r5 ] || continue
    for i in 1 2 3 4 5; do
      eval "[ $pages -gt \$r$i ] && { other=\$r$i r$i=$pages pages=\$other other=\$p$i p$i=$pid pid=\$other; }"
    done
  done
  set -f
  for pid in $p1 $p2 $p3 $p4 $p5; do
    name= kib=
    while read -r key value rest; do
      case $key in
        Name:) name=$value${rest:+ $rest} ;;
        VmRSS:) kib=$value && break ;;
      esac
    done <"/proc/$pid/status"
    clean "$name"
    [ -z "$kib" ] || say "proc $pid $kib $text"
  done
}

# Sets $mounts to the file systems to ask, `INDEX ro|rw MOUNT` each, `/` first, every device once. Only those on a
# local disk: asking a dead NFS, CIFS or FUSE mount hangs, and not even KILL ends that. /proc/self/mountinfo has
# `ID PARENT DEVICE TOP MOUNT OPTIONS [OPTIONAL...] - TYPE SOURCE SUPEROPTIONS`, older mounts first.
read_mounts() {
  table= remote=
  while read -r id parent device top mount options rest; do
    # Whatever lies at or below a newer mount can't be reached by its name any more.
    case $table in
      *" $mount/$nl"* | *" $mount/"*)
        kept= IFS=$nl
        for line in $table; do
          case $line in *" $mount/"*) ;; *) kept=$kept$line$nl ;; esac
        done
        table=$kept IFS=$blank
        ;;
    esac
    rest=" $rest" rest=${rest#* - }
    case $mount:${rest%% *} in
      /:*) ;;
      *:ext[234] | *:xfs | *:btrfs | *:zfs | *:f2fs | *:bcachefs | *:jfs | *:reiserfs | *:nilfs2 | *:vfat | *:exfat | \
        *:ntfs3) ;;
      *:nfs* | *:cifs | *:smb* | *:fuse* | *:autofs | *:9p | *:ceph | *:afs | *:lustre | *:glusterfs | *:ocfs2 | *:gfs2)
        remote="$remote $mount"
        continue
        ;;
      *) continue ;;
    esac
    for line in $remote; do
      case $mount in "$line"/*) continue 2 ;; esac
    done
    case ",$options,${rest##* }," in *,ro,*) state=ro ;; *) state=rw ;; esac
    case $mount:$top in /:*) rank=1 ;; *:/) rank=2 ;; *) rank=3 ;; esac
    table="$table$rank $device $state $mount/$nl"
  done </proc/self/mountinfo

  mounts= count=0 devices=' '
  case $table in *" //$nl"*) ;; *) table="1 none rw //$nl$table" ;; esac
  # The root first, then whole file systems, then bind mounts of parts.
  for rank in 1 2 3; do
    IFS=$nl
    for line in $table; do
      IFS=$blank
      set -- $line
      case "$1 $devices" in "$rank "*" $2 "*) continue ;; "$rank "*) ;; *) continue ;; esac
      devices="$devices$2 "
      mount=${4%/}
      mounts="$mounts$count $3 $mount$nl"
      count=$((count + 1))
    done
    IFS=$blank
  done
}

# unescape MOUNT: sets $text to its real path.
unescape() {
  text= tail=$1
  while :; do
    case $tail in *\\[0-7][0-7][0-7]*) ;; *) break ;; esac
    text=$text${tail%%\\*} tail=${tail#*\\}
    case $tail in
      040*) text="$text " ;;
      011*) text=$text$tab ;;
      012*) text=$text$nl ;;
      043*) text=$text# ;;
      134*) text=$text\\ ;;
    esac
    tail=${tail#???}
  done
  text=$text$tail
}

# ask SECONDS COMMAND...: runs it, and turns away when it takes longer, killed or not.
ask() {
  left=$1
  shift
  "$@" </dev/null &
  asked=$!
  while
    tick=
    wait $asked
    status=$?
    [ "$tick" ]
  do
    left=$((left - 1))
    [ $left -gt 0 ] || { kill -9 $asked; return 9; }
  done
  return $status
}

# escape MOUNT: sets $text to it with all but printable ASCII as the kernel escapes a space.
escape() {
  text= tail=$1
  while :; do
    case $tail in
      *[!\ -~]*) head=${tail%%[!\ -~]*} ;;
      *) break ;;
    esac
    tail=${tail#"$head"}
    odd=$tail tail=${tail#?}
    odd=${odd%"$tail"}
    text=$text$head$(printf '\\%03o' "'$odd")
  done
  text=$text$tail
}

# Finds out what takes a process each, and prints it raw for tell_answers. Nothing here is waited for without end:
# a clock of its own wakes `ask` every second.
find_answers() {
  trap 'tick=1' USR1
  sh -c 'trap "kill \$!; exit" TERM; while sleep 1 & wait $! && kill -USR1 $PPID; do :; done' </dev/null >/dev/null &
  clock=$!
  if [ "$units" ] && command -v systemctl >/dev/null; then
    ask 5 systemctl --no-pager show -p LoadState -p ActiveState -p NRestarts -- $units
    put units
  fi
  [ -z "$port" ] || ask_sshd
  hung=0 IFS=$nl
  for line in $mounts; do
    IFS=$blank
    set -- $line
    [ $hung -lt 2 ] || break
    [ -z "$stuck" ] || [ "$1" = 0 ] || break
    shorten "$3"
    escape "$text"
    put "at $1 $2 $text"
    unescape "$3"
    ask 2 stat -f -c "disk $1 %S %b %f %a %c %d" "$text"
    [ $? -ne 9 ] || { hung=$((hung + 1)) && put "late $1"; }
  done
  kill $clock
  put done
}

# Asks sshd for its greeting: a socket that listens says little, a process that greets was forked by sshd just now.
ask_sshd() {
  address=
  for file in /proc/net/tcp /proc/net/tcp6; do
    # Those that listen come first in the table.
    while [ -z "$address" ] && read -r slot socket other state rest; do
      case $slot:$state in sl:*) continue ;; *:0A) ;; *) break ;; esac
      [ $((0x${socket##*:})) -ne "$port" ] || listening_address "${socket%:*}"
    done <$file
  done
  put "sshd ${address:-down}"
  case $address in '' | unknown) return ;; esac
  command -v bash >/dev/null && ask 5 bash -c "$greeting" "$address" "$port" && return
  command -v ssh-keyscan >/dev/null && { ask 5 ssh-keyscan -T 4 -p "$port" "$address"; return; }
  command -v nc >/dev/null && { ask 5 nc -w 4 "$address" "$port"; return; }
  put 'sshd up'
}
# A shell of its own, since only bash has /dev/tcp. It fails where it could not connect.
greeting='exec 3<>"/dev/tcp/$0/$1" || exit 1
while read -r -t 4 -u 3 line; do case $line in SSH-*) echo "$line" && break ;; esac; done
exit 0'

# listening_address HEX: sets $address to where a socket bound to it is to be asked. The kernel prints IPv4 addresses
# as a number of the processor's own order; all of EC2's are little-endian.
listening_address() {
  case $1 in
    00000000) address=127.0.0.1 ;;
    00000000000000000000000000000000) address=::1 ;;
    ????????)
      a=${1#??????} b=${1#????} b=${b%??} c=${1#??} c=${c%????} d=${1%??????}
      address=$((0x$a)).$((0x$b)).$((0x$c)).$((0x$d))
      ;;
    *) address=unknown ;;
  esac
}

# Reads what find_answers found, prints it, and ends the report. Doesn't wait for the end of its input: a process that
# hangs on a dead device holds it open.
tell_answers() {
  left=$units mode=unknown load= active= restarts= sshd= names=$nl disks= size=0 asked=0 answered=0 late= finished=
  while [ -z "$finished" ] && read -r key rest; do
    case $key in
      LoadState=*) load=${key#*=} ;;
      ActiveState=*) active=${key#*=} ;;
      NRestarts=*) restarts=${key#*=} ;;
      '') tell_unit ;;
      units)
        tell_unit
        [ "$left" ] || mode=systemd
        ;;
      sshd) sshd=$rest ;;
      SSH-*) sshd=up ;;
      at) names=$names$rest$nl ;;
      disk) take_disk $rest ;;
      late) late="$late $rest" ;;
      done) finished=yes ;;
      *) case $rest in ssh-* | ecdsa-* | *' ssh-'* | *' ecdsa-'*) sshd=up ;; esac ;;
    esac
  done
  tell_processes
  case $sshd in '') ;; up | unknown) say "sshd $port $sshd" ;; *) say "sshd $port down" ;; esac
  tell_disks
  [ "$finished" ] || say 'fork 0'
  put "end $bytes"
}

# Tells the unit that systemctl has just described; it describes them in the order asked.
tell_unit() {
  [ "$load" ] || return
  set -- $left
  unit=$1
  shift
  left=$*
  case $restarts in '' | *[!0-9]*) restarts=- ;; esac
  case $load:$active in
    not-found:* | *[!a-z:-]* | *:) unlisted="$unlisted $unit" ;;
    *) say_unit "$unit $active $restarts" ;;
  esac
  load= active= restarts=
}

# Units that have no room are left out, and then what is not listed means nothing.
say_unit() {
  if [ $((bytes + ${#1})) -lt 1400 ]; then say "unit $1"; else complete= init=systemd left=$units; fi
}

# Units that systemctl doesn't know, or that it didn't answer for: a process of that name tells.
tell_processes() {
  [ "$units" ] || return
  for unit in $unlisted $left; do
    process_name "$unit"
    case $running in *" $text "*) say_unit "$unit running -" ;; esac
  done
  if [ -z "$left" ]; then
    say 'units systemd'
  elif [ "$init" != systemd ] && [ "$complete" ]; then
    say 'units process'
  else
    say 'units unknown'
  fi
}

# take_disk INDEX BLOCKSIZE BLOCKS FREE AVAILABLE INODES INODES-FREE: adds a line to $disks, with its fullness in front.
take_disk() {
  case "$# $*" in *[!0-9\ ]*) return ;; 7\ *) ;; *) return ;; esac
  text=${names#*"$nl$1 "} text=${text%%"$nl"*}
  text="disk $2 $3 $4 $5 $6 $7 $text"
  fullness "$3" "$4" "$5"
  share=$full
  fullness "$6" "$7" "$7"
  [ $full -gt $share ] || full=$share
  disks=$disks$full\ $text$nl
  size=$((size + ${#text} + 1)) answered=$((answered + 1))
}

# fullness TOTAL FREE AVAILABLE: sets $full to df's percentage. mksh counts in 32 bits: the last digits are dropped.
fullness() {
  total=$1 free=$2 available=$3
  while [ ${#total} -gt 7 ]; do total=${total%?} free=${free%?} available=${available%?}; done
  full=$((total - ${free:-0}))
  full=$((full * 100 / (full + ${available:-0} + 1)))
}

# Prints `/` and, where there isn't room for all, the fullest.
tell_disks() {
  more=0 level=101
  [ $((bytes + size)) -lt 2200 ] && level=0
  IFS=$nl
  while [ $level -ge 0 ]; do
    for line in $disks; do
      case $level:$line in
        101:*' /' | 0:*) ;;
        "$level:$level "*) case $line in *' /') continue ;; esac ;;
        *) continue ;;
      esac
      text=${line#* }
      if [ $((bytes + ${#text})) -lt 2200 ]; then say "$text"; else more=$((more + 1)); fi
    done
    level=$((level - 1))
  done
  IFS=$blank
  [ $more -eq 0 ] || say "more $more"
}

main() {
  units= wanted=' ' port= unlisted=
  for unit in "$@"; do
    case $unit in
      sshd:*[!0-9]* | sshd: | sshd:??????*) ;;
      sshd:*) port=${unit#sshd:} ;;
      *[!A-Za-z0-9:_.@-]* | '') ;;
      *)
        units="$units $unit"
        process_name "$unit"
        wanted="$wanted$text "
        ;;
    esac
  done
  # A login's greeting may end without a newline.
  put ''
  say 'crawlwatch 1'
  trap tell_no_answers EXIT
  say_memory
  say_identity
  read_mounts
  say_processes
  find_answers | tell_answers
  trap - EXIT
  exit 0
}
main "$@"
