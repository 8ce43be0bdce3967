#!/bin/sh
# crawlwatch's probe: what a host says of itself, in under 2,400 bytes of printable ASCII.
#
#   sh -s -- [sshd:PORT] [UNIT...] <probe.sh
#
# It installs nothing, writes nothing, leaves nothing running and exits 0 whatever happens: to the SSM agent 194 means
# "reboot me" and 137 "timed out". Builtins print memory and processes first, for a host that can't fork as well.
# Another machine's recording can be replayed: every path begins with /proc/ or /etc/, and every tool is found
# through the one line that begins PATH=/usr.
#
# The report runs from the line `crawlwatch 1` to the line `end BYTES`, which counts all before itself. Between them:
#   mem NAME=KIB...      of /proc/meminfo     vm oom_kill=N          psi some=PERCENT full=PERCENT, of ten seconds
#   load L   up SECONDS  boot ID              os KERNEL ID VERSION   proc PID KIB NAME, the largest first
#   unit NAME STATE RESTARTS                  and then what it means that a unit is not listed: `units systemd`, it is
#                        not loaded; `units process`, no process has its name; `units unknown`, nothing
#   sshd PORT up|down|unknown
#   disk BLOCKSIZE BLOCKS FREE AVAILABLE INODES INODESFREE ro|rw MOUNT, escaped as by the kernel (\040), or in hex: 0x..
#   late MOUNT did not answer; more N disks had no room; unasked N were not asked
#   part BYTES           what took no other process ends here; a shell may need half a minute to find that it can't fork
#   fork 0               no process could be started, so there may be `mount ro|rw MOUNT` in the place of `disk`

# Nothing may come from the environment: functions that bash imports, the limit that TMOUT sets to its read.
unset -f unalias command printf print read kill wait
unalias -a
unset TMOUT DBUS_SYSTEM_BUS_ADDRESS
[ -w /dev/null ] && exec 2>/dev/null
set -f +e +u
export LC_ALL=C
tab='	' nl='
'
blank=" $tab$nl" IFS=$blank
PATH=/dev/null
# mksh has no printf of its own, the others no print; what echo does with a backslash differs.
if command -v printf >/dev/null; then put() { printf '%s\n' "$1"; }; else put() { print -r -- "$1"; }; fi
PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin:/run/current-system/sw/bin
export PATH

bytes=0
say() { put "$1" && bytes=$((bytes + ${#1} + 1)); }

# clean TEXT: sets $text to at most 80 bytes of it, without the middle, all but printable ASCII as `?`.
clean() {
  head= tail=$1
  while :; do case $tail in *[!\ -~]*) head=$head${tail%%[!\ -~]*}? tail=${tail#*[!\ -~]} ;; *) break ;; esac; done
  text=$head$tail head=$text tail=$text
  [ ${#text} -gt 80 ] || return 0
  while [ ${#head} -gt 32 ]; do head=${head%?}; done
  while [ ${#tail} -gt 45 ]; do tail=${tail#?}; done
  text=$head...$tail
}

say_memory() {
  line=mem
  while read -r key value rest; do
    case $key in
      MemTotal: | MemFree: | MemAvailable: | *'ctive(file):' | SReclaimable: | Shmem: | SwapTotal: | SwapFree: | \
        HugePages_Total: | Hugepagesize:) line="$line ${key%:}=$value" ;;
    esac
  done </proc/meminfo
  # What the estimate takes on a kernel that doesn't report what is available.
  case $line in
    *' MemAvailable='*) ;;
    *) read -r value </proc/sys/vm/min_free_kbytes && line="$line min_free=$value" ;;
  esac
  say "$line"
  while read -r key value; do case $key in oom_kill) say "vm oom_kill=$value" && break ;; esac; done </proc/vmstat
  line=psi
  while read -r key value rest; do line="$line $key=${value#avg10=}"; done </proc/pressure/memory
  [ "$line" = psi ] || say "$line"
}

say_identity() {
  read -r value rest </proc/loadavg && say "load $value"
  read -r value rest </proc/uptime && say "up $value"
  read -r value </proc/sys/kernel/random/boot_id && say "boot $value"
  kernel= name= version= init=
  read -r kernel </proc/sys/kernel/osrelease
  while read -r line; do
    value=${line#*=} value=${value#[\"\']} value=${value%[\"\']}
    case $line in ID=*) name=$value ;; VERSION_ID=*) version=$value ;; esac
  done </etc/os-release
  clean "$kernel $name $version" && say "os $text"
  read -r init </proc/1/comm
}

# Prints the five largest processes. Sets $running to the names of $roster that run, $doubt where not every process can
# be seen, $stuck where a query of an earlier probe still hangs. Never reads cmdline: it holds secrets, and reading it
# waits for the memory lock of a process that swaps.
say_processes() {
  running=' ' stuck= seen=0 r1=0 r2=0 r3=0 r4=0 r5=0 p1= p2= p3= p4= p5=
  [ -r /proc/1/stat ] || doubt=yes
  set +f
  for file in /proc/[0-9]*; do
    seen=$((seen + 1))
    [ $seen -le 5000 ] || { doubt=yes && break; }
    # The shell reads byte by byte, so the shorter files: a size of 0 is a kernel thread or one that has ended.
    read -r size rss rest <"$file/statm" && [ "$size" -gt 0 ] && read -r name <"$file/comm" || continue
    pid=${file##*/}
    case $roster in *" $name="*) running="$running$name " ;; esac
    case $name in stat) read -r line <"$file/stat" && case ${line##*\) } in D*) stuck=yes ;; esac ;; esac
    [ "$rss" -gt $r5 ] || continue
    for i in 1 2 3 4 5; do
      eval "[ $rss -gt \$r$i ] && { x=\$r$i r$i=$rss rss=\$x x=\$p$i p$i=$pid pid=\$x; }"
    done
  done
  set -f
  for pid in $p1 $p2 $p3 $p4 $p5; do
    name= value=
    while read -r key value rest; do
      case $key in Name:) name=$value${rest:+ $rest} ;; VmRSS:) break ;; esac
    done <"/proc/$pid/status"
    clean "$name" && [ "$value" ] && say "proc $pid $value $text"
  done
}

# Sets $mounts to the file systems to ask, `INDEX ro|rw MOUNT` each: the root first, each device once, whole file
# systems rather than bind mounts of a part, and only local disks: a dead NFS, CIFS or FUSE mount answers never, and
# not even KILL ends the wait. A line of mountinfo is
# `ID PARENT DEVICE TOP MOUNT OPTIONS [OPTIONAL...] - TYPE SOURCE SUPEROPTIONS`, the oldest mount first.
read_mounts() {
  table="0 none rw //$nl" remote= mounts= count=0 devices=' '
  while read -r id parent device top mount options rest; do
    # What a newer mount lies on can't be reached by its name any more.
    case $table in *" $mount/"*)
      IFS=$nl
      set -- $table
      table= IFS=$blank
      for line in "$@"; do case $line in *" $mount/"*) ;; *) table=$table$line$nl ;; esac; done ;;
    esac
    rest=" $rest" rest=${rest#* - }
    case $mount:${rest%% *} in
      /:* | *:ext[234] | *:xfs | *:btrfs | *:zfs | *:f2fs | *:bcachefs | *:jfs | *:vfat | *:exfat | *:ntfs3) ;;
      *:nfs* | *:cifs | *:smb* | *:fuse* | *:autofs | *:9p | *:ceph | *:afs | *:lustre | *:glusterfs | *:gfs2)
        remote="$remote $mount" && continue ;;
      *) continue ;;
    esac
    for line in $remote; do case $mount in "$line"/*) continue 2 ;; esac; done
    case ",$options,${rest##* }," in *,ro,*) state=ro ;; *) state=rw ;; esac
    case $mount:$top in /:*) rank=0 ;; *:/) rank=1 ;; *) rank=2 ;; esac
    table="$table$rank $device $state $mount/$nl"
  done </proc/self/mountinfo
  for rank in 0 1 2; do
    IFS=$nl
    for line in $table; do
      IFS=$blank
      set -- $line
      case $rank:$devices in "$1:"*" $2 "*) continue ;; "$1:"*) ;; *) continue ;; esac
      mounts="$mounts$count $3 ${4%/}$nl" count=$((count + 1)) devices="$devices$2 "
    done
  done
  IFS=$blank
}

# ask SECONDS COMMAND...: runs it, and gives up with status 9 when it takes longer, dead or not. The clock of
# find_answers interrupts the wait every second.
ask() {
  left=$1 && shift
  "$@" </dev/null &
  while tick=; wait $!; status=$?; [ "$tick" ]; do
    left=$((left - 1))
    [ $left -gt 0 ] || { kill -9 $! && return 9; }
  done
  return $status
}

# Finds out what takes a process each, and hands it to print_answers as it comes.
find_answers() {
  trap 'tick=1' USR1
  # By KILL: a child that is not sleep yet still has the trap, which would swallow a TERM.
  sh -c 'trap "kill -9 \$!; exit" TERM; while sleep 1 & wait $! && kill -USR1 $PPID; do :; done' </dev/null >/dev/null &
  clock=$! hung=0
  [ -z "$units" ] || ask 5 systemctl --no-pager show -p LoadState -p ActiveState -p NRestarts -- $units
  put units
  [ -z "$port" ] || ask_sshd
  IFS=$nl
  for line in $mounts; do
    IFS=$blank
    set -- $line
    case $hung:$stuck:$1 in 2:* | *:yes:[1-9]*) put unasked && continue ;; esac
    clean "$3"
    case $3 in *[!\ -~]*)
      name=
      for byte in $(put "$3" | od -An -v -tx1); do name=$name$byte; done
      [ ${#name} -lt 4 ] || [ ${#name} -gt 200 ] || text=0x${name%0a} ;;
    esac
    put "at $1 $2 $text"
    # As a format, \040 is a space; a percent sign has to be two.
    path= text=$3
    while case $text in *%*) ;; *) false ;; esac; do path=$path${text%%\%*}%% text=${text#*%}; done
    path=$path$text
    case $path in *\\* | *%*) path=$(printf "$path") ;; esac
    ask 2 stat -f -c "disk $1 %S %b %f %a %c %d" "$path"
    [ $? -ne 9 ] || { hung=$((hung + 1)) && put "late $1"; }
  done
  kill $clock
  put done
}

# Asks sshd for its greeting: that a socket listens says little, but what greets was forked just now. Where it listens
# and can't be asked, since it is bound to another address or all its tools can't distinguish refused from silent, nothing
# is known.
ask_sshd() {
  heard='sshd down'
  for file in /proc/net/tcp /proc/net/tcp6; do
    # Sockets that listen (0A) come first.
    while read -r slot socket other state rest; do
      case $slot:$state in sl:*) continue ;; *:0A) ;; *) break ;; esac
      [ $((0x${socket##*:})) -ne "$port" ] || heard='sshd unknown'
    done <$file
  done
  put "$heard"
  if [ "$heard" = 'sshd down' ]; then
    return
  elif command -v bash >/dev/null; then
    ask 5 bash -c 'exec 3<>/dev/tcp/127.0.0.1/$0 && echo sshd down &&
      while read -r -t 4 -u 3 line; do case $line in SSH-*) echo "$line" && exit ;; esac; done' "$port"
  elif command -v ssh-keyscan >/dev/null; then
    ask 5 ssh-keyscan -T 4 -p "$port" 127.0.0.1
  elif command -v nc >/dev/null; then
    ask 5 nc -w 4 127.0.0.1 "$port"
  else
    put 'sshd up'
  fi
}

# Prints what find_answers finds. Doesn't wait for the end of its input, which a process that hangs holds open.
print_answers() {
  left=$units unlisted= load= active= restarts= sshd= names=$nl disks= size=0 more=0 unasked=0 finished=
  while [ -z "$finished" ] && read -r key rest; do
    case $key in
      LoadState=*) load=${key#*=} ;;
      ActiveState=*) active=${key#*=} ;;
      NRestarts=*) restarts=${key#*=} ;;
      '') print_unit ;;
      units) print_unit && print_unlisted ;;
      sshd) sshd=$rest ;;
      SSH-*) sshd=up ;;
      at) names=$names$rest$nl ;;
      disk) take_disk $rest ;;
      late) name_of $rest && say "late ${text#r? }" ;;
      unasked) unasked=$((unasked + 1)) ;;
      done) finished=yes ;;
      *) case " $rest" in *' ssh-'* | *' ecdsa-'*) sshd=up ;; esac ;;
    esac
  done
  case $sshd in '') ;; up | unknown) say "sshd $port $sshd" ;; *) say "sshd $port down" ;; esac
  print_disks
  [ $more -eq 0 ] || say "more $more"
  [ $unasked -eq 0 ] || say "unasked $unasked"
  [ "$finished" ] || say 'fork 0'
  put "end $bytes"
}

# Prints the unit that systemctl has just shown; it shows them in the order asked.
print_unit() {
  [ "$active" ] || return 0
  set -- $left
  if [ "$load" = not-found ]; then unlisted="$unlisted $1"; else say_unit "$1 $active ${restarts:--}"; fi
  active= restarts= && shift && left=$*
}

say_unit() { if [ $((bytes + ${#1})) -lt 1500 ]; then say "unit $1"; else doubt=yes; fi; }

# Units that systemctl doesn't know, or didn't answer for: they may be a process of that name.
print_unlisted() {
  [ "$units" ] || return 0
  for line in $roster; do
    case "$unlisted $left " in *" ${line#*=} "*)
      case $running in *" ${line%%=*} "*) say_unit "${line#*=} running -" ;; esac ;;
    esac
  done
  case ${left:+left}:$init$doubt in
    :*) say 'units systemd' ;;
    *:systemd* | *yes) say 'units unknown' ;;
    *) say 'units process' ;;
  esac
}

# name_of INDEX: sets $text to the `ro|rw MOUNT` that was asked under it.
name_of() { text=${names#*"$nl$1 "} text=${text%%"$nl"*}; }

# take_disk INDEX BLOCKSIZE BLOCKS FREE AVAILABLE INODES INODESFREE: adds `FULLNESS disk ...` to $disks.
take_disk() {
  case "$# $*" in *[!0-9\ ]*) return ;; 7\ *) ;; *) return ;; esac
  full=0 && name_of "$1"
  fuller "$3" "$5" && fuller "$6" "$7"
  text="disk $2 $3 $4 $5 $6 $7 $text"
  disks="$disks$full $text$nl" size=$((size + ${#text} + 1))
}

# fuller TOTAL LEFT: raises $full to the percentage gone. mksh counts in 32 bits, so the last digits may have to go.
fuller() {
  total=$1 rest=$2
  while [ ${#total} -gt 7 ]; do total=${total%?} rest=${rest%?}; done
  rest=$((100 - ${rest:-0} * 100 / (total + 1)))
  [ "$total" = 0 ] || [ $rest -le $full ] || full=$rest
}

# Prints the root and then, where there isn't room for all, of the fullest.
print_disks() {
  level=100 room=2300
  [ $((bytes + size)) -ge $room ] || level=all
  IFS=$nl
  for line in $disks; do case $line in *' r'?' /') say "${line#* }" ;; esac; done
  while :; do
    for line in $disks; do
      case $level:$line in *' r'?' /') continue ;; all:* | "$level:$level "*) ;; *) continue ;; esac
      line=${line#* }
      if [ $((bytes + ${#line})) -lt $room ]; then say "$line"; else more=$((more + 1)); fi
    done
    case $level in all | 0) break ;; esac
    level=$((level - 1))
  done
}

# What is left to print when no process could be started; the shell ends by itself then.
print_no_answers() {
  trap - EXIT
  IFS=$nl
  for line in $mounts; do
    IFS=$blank
    set -- $line
    clean "$3"
    [ $((bytes + ${#text})) -ge 2300 ] || say "mount $2 $text"
  done
  say 'fork 0'
  put "end $bytes"
  exit 0
}

main() {
  units= roster=' ' port= doubt=
  for unit in "$@"; do
    case $unit in
      sshd:*[!0-9]* | sshd: | sshd:??????*) continue ;;
      sshd:*) port=${unit#sshd:} && continue ;;
      *[!A-Za-z0-9:_.@-]* | '') continue ;;
    esac
    units="$units $unit"
    # The kernel keeps 15 bytes of a process's name.
    name=${unit%.service} name=${name%%@*}
    while [ ${#name} -gt 15 ]; do name=${name%?}; done
    roster="$roster$name=$unit "
  done
  # A login's greeting may not have ended its line.
  put '' && say 'crawlwatch 1'
  trap print_no_answers EXIT
  say_memory
  say_identity
  read_mounts
  say_processes
  say "part $bytes"
  find_answers | print_answers
  trap - EXIT
  exit 0
}
main "$@"
