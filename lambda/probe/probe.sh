#!/bin/sh
# crawlwatch's probe: what a host says of itself, in under 2,400 bytes of printable ASCII.
#
#   sh -s -- [sshd:PORT] [UNIT...] <probe.sh
#
# It installs nothing, writes nothing, leaves nothing running and exits 0 whatever happens: to the SSM agent 194 means
# "reboot me" and 137 "timed out". Builtins print memory and processes, for a host that can't fork as well. Its work
# grows linearly with mounts and processes; what takes another process ends within twenty seconds by itself.
# Another machine's recording can be replayed: every path begins with /proc/ or /etc/, and every tool is found
# through the one line that begins PATH=/usr. Not replayed are the states of the probe's own children, under $own, and
# what /sys says of a read-only ext4: whether it has counted errors. A recording's stat may know one path a call.
#
# The report runs from the line `crawlwatch 1` to the line `end BYTES`, which counts all before itself. Between them:
#   mem NAME=KIB...      of /proc/meminfo     vm oom_kill=N          psi some=PERCENT full=PERCENT, of ten seconds, and
#                        some_total=US full_total=US, since the boot
#   arc BYTES MIN_BYTES, ZFS's cache          zram TOTAL_KIB USED_KIB, swap that is compressed memory
#   load L   up SECONDS  boot ID              os KERNEL ID VERSION   proc PID KIB NAME, the largest first
#   born PID SECONDS PARENT ANON_KIB, of a process: when after the boot, by whom, and what it has of its own; - for none
#   unit NAME STATE RESTARTS                  and then what it means that a unit is not listed: `units systemd`, it is
#                        not loaded; `units process`, no process has its name; `units unknown`, nothing
#   sshd PORT up|down|unknown
#   disk BLOCKSIZE BLOCKS FREE AVAILABLE INODES INODESFREE STATE MOUNT, one a device, under the mount that is written.
#                        Figures as stat prints them: negative or wrapped where the kernel's are. STATE is
#                          rw  some mount of it is writable
#                          ro  none is, but one was mounted so, /etc/fstab has one that should be, or the file system has
#                              counted errors
#                          rd  none is, and nothing says that one should be
#                        MOUNT is escaped as by the kernel (\040), or in hex: 0x..
#   unread WHY MOUNT     a disk that could not be asked: denied, failed, norun (nor can stat be run), odd (what was
#                        printed are no figures), behind (every way to it leads through what may never answer)
#   late MOUNT did not answer; more N disks had no room; unasked N were not asked, or it had no room to say why not
#   part BYTES           what took no other process ends here; a shell may need half a minute to find that it can't fork
#   fork 0               no process could be started, so there may be `mount STATE MOUNT` in the place of `disk`
# A name of more than 80 bytes has a checksum in the place of its middle; no two mounts are printed alike.

# Nothing may come from the environment: functions that bash imports, the limit that TMOUT sets to its read, the file that
# BASH_ENV has it run first.
unset -f unalias command printf print read kill wait
unalias -a
unset TMOUT BASH_ENV DBUS_SYSTEM_BUS_ADDRESS
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
own=/proc figures='also %S %b %f %a %c %d'

# What is said is printed by flush, since each write has sshd send a packet: before what may take its time.
# A login's greeting may not have ended its line.
bytes=0 report=$nl
say() { report=$report$1$nl bytes=$((bytes + ${#1} + 1)); }
flush() { [ -z "$report" ] || put "${report%"$nl"}" && report=; }
finish() { put "${report}end $bytes"; }

ten='??????????' said=$nl
ascii='!"#$%&()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\]^_`abcdefghijklmnopqrstuvwxyz{|}~ '

# clean TEXT: sets $text to at most 80 bytes of it, all but printable ASCII as `?`, with a checksum for the middle.
clean() {
  head= tail=$1
  while :; do case $tail in *[!\ -~]*) head=$head${tail%%[!\ -~]*}? tail=${tail#*[!\ -~]} ;; *) break ;; esac; done
  text=$head$tail
  [ ${#text} -gt 80 ] || return 0
  rest=${text#$ten$ten$ten} mid=${text#$ten$ten$ten} sum=${#text}
  head=${text%"$rest"} mid=${mid%????$ten$ten$ten}
  tail=${rest#"$mid"}
  # Of a path of 4,096 bytes a part has to do.
  rest=${mid#$ten$ten$ten$ten$ten$ten$ten$ten$ten$ten}
  [ "$rest" = "$mid" ] || mid=${mid%"$rest"}
  while [ "$mid" ]; do
    rest=${mid#?}
    prefix=${ascii%%"${mid%"$rest"}"*} mid=$rest
    # mksh counts in 32 bits.
    sum=$(((sum * 101 + ${#prefix}) % 16777213))
  done
  text=$head...$sum...$tail
}

# clean_mount TEXT: the same, but never what an earlier call gave.
clean_mount() {
  clean "$1"
  head=$text extra=0
  while :; do
    case $said in *"$nl$text$nl"*) extra=$((extra + 1)) text=${head%??????}...$extra ;; *) break ;; esac
  done
  said=$said$text$nl
}

say_memory() {
  line=mem
  while read -r key val rest; do
    case $key in
      MemTotal: | MemFree: | MemAvailable: | *'ctive(file):' | SReclaimable: | Shmem: | SwapTotal: | SwapFree: | \
        HugePages_Total: | Hugepagesize:) line="$line ${key%:}=$val" ;;
      # The first of those that follow.
      Hugetlb:) break ;;
      Zswap: | Zswapped:) [ "$val" = 0 ] || line="$line ${key%:}=$val" ;;
    esac
  done </proc/meminfo
  # What the estimate takes on a kernel that doesn't report what is available.
  size=${line#*MemTotal=} scarce=yes
  case $line in
    *' MemAvailable='*) val=${line#*' MemAvailable='} && [ "${val%% *}0" -gt "${size%% *}" ] && scarce= ;;
    *) read -r val </proc/sys/vm/min_free_kbytes && line="$line min_free=$val" ;;
  esac
  say "$line"
  line=psi totals=
  while read -r key val rest; do
    line="$line $key=${val#avg10=}"
    case $rest in *total=*) totals="$totals ${key}_total=${rest##*total=}" ;; esac
  done </proc/pressure/memory
  [ "$line" = psi ] || say "$line$totals"
  size= least=
  while read -r key val rest; do
    case $key in size) size=$rest ;; c_min) least=$rest ;; esac
  done </proc/spl/kstat/zfs/arcstats
  [ -z "$size" ] || [ -z "$least" ] || say "arc $size $least"
  size= used=0
  while read -r name key total val rest; do
    case $name:$total$val in
      *:*[!0-9]* | *:) ;;
      /dev/zram*) size=$((${size:-0} + total)) used=$((used + val)) ;;
    esac
  done </proc/swaps
  [ -z "$size" ] || say "zram $size $used"
}

say_identity() {
  read -r val rest </proc/loadavg && say "load $val"
  read -r val rest </proc/uptime && say "up $val"
  read -r val </proc/sys/kernel/random/boot_id && say "boot $val"
  # The first file that is on a disk is next.
  flush
  kernel= name= version=
  read -r kernel </proc/sys/kernel/osrelease
  # Its last line may have no end, which fails the read that sets it.
  while read -r line || [ "$line" ]; do
    val=${line#*=} val=${val#[\"\']} val=${val%[\"\']}
    case $line in ID=*) name=$val ;; VERSION_ID=*) version=$val ;; esac
    [ -z "$name" ] || [ -z "$version" ] || break
  done </etc/os-release
  clean "$kernel $name $version" && say "os $text"
}

# Sets $pids to the processes, before the probe has one of its own to leave out, $threads to those of them that are the
# kernel's, $doubt where not every process can be seen.
list_processes() {
  stuck= running= threads= p1= p2= p3= p4= p5=
  [ -r /proc/1/stat ] || doubt=yes
  # Most of what runs on a large machine, and all children of the second, which has no memory.
  read -r size rest </proc/2/statm && [ "$size" = 0 ] && read -r threads </proc/2/task/2/children
  threads=" $threads "
  cd /proc/ && set +f
  set -- [0-9]*
  set -f
  [ $# -le 5000 ] || { doubt=yes && shift $(($# - 5000)); }
  pids=$*
}

# Sets $running to the names of $roster that run, $stuck where a query of an earlier probe still hangs. Costs as much as to
# find the largest. Never reads cmdline: it holds secrets, and reading it waits for the memory lock of a process that swaps.
# Its stdin is closed, as that of all functions that open many files: each is the descriptor 0 at once then, where the
# shell had to put it in the place of another, and that one back.
read_names() {
  running=' '
  for pid in $pids; do
    case $threads in *" $pid "*) continue ;; esac
    read -r name <$pid/comm || continue
    case $roster in *" $name="*) read -r size rest <$pid/statm && [ $size -gt 0 ] && running="$running$name " ;; esac
    case $name in stat) read -r line <$pid/stat && case ${line##*\) } in D*) stuck=yes ;; esac ;; esac
  done
} <&-

# Sets $p1 to $p5 to the largest processes.
find_largest() {
  r1=0 r2=0 r3=0 r4=0 r5=0
  for pid in $pids; do
    case $threads in *" $pid "*) continue ;; esac
    # The shell reads byte by byte, so the shorter files: a size of 0 is a kernel thread or one that has ended.
    read -r size rss rest <$pid/statm || continue
    [ $rss -gt $r5 ] || continue
    for i in 1 2 3 4 5; do
      eval "[ $rss -gt \$r$i ] && { x=\$r$i r$i=$rss rss=\$x x=\$p$i p$i=$pid pid=\$x; }"
    done
  done
} <&-

# What status says, the shorter statm and stat say in their way: sizes in pages, shared ones apart, and a name as it is. So
# status is read until it has been found to say the same, with pages of 4 KiB, and again where a name has what status
# escapes, or broke the line of stat before its 22nd word.
say_largest() {
  [ "$p1" ] || find_largest
  alike=
  for pid in $p1 $p2 $p3 $p4 $p5; do
    line= rss= shared=
    read -r rest rss shared rest <$pid/statm
    read -r line <$pid/stat
    # From the third word of stat on, after a name that may hold parentheses; the 22nd is when it began, in hundredths of
    # a second, more than mksh can count. What looks for the longest match is slow in dash.
    rest=$line
    while :; do case $rest in *\)*) rest=${rest#*\)} ;; *) break ;; esac; done
    set -- $rest
    name=${line#*\(} name=${20:+${name%")$rest"}}
    parent=$2 start=${20} size=$((rss * 4)) anon=$(((rss - shared) * 4))
    case $alike$size:$name in
      [!y]* | yes0:* | *: | *[\\$blank]*)
        short="$name $parent $size $anon" name= size= parent= anon=
        while read -r key val rest; do
          case $key in
            Name:) name=$val${rest:+ $rest} ;;
            PPid:) parent=$val ;;
            VmRSS:) size=$val ;;
            RssAnon:) anon=$val && break ;;
            VmData:) break ;;
          esac
        done <$pid/status
        [ "$short" != "$name $parent $size $anon" ] || alike=yes ;;
    esac
    [ "$size" ] || continue
    clean "${name:-?}" && say "proc $pid $size $text"
    case $start in *[!0-9]*) start= ;; esac
    start=${start%??}
    [ -z "$start$anon" ] || say "born $pid ${start:--} ${parent:--} ${anon:--}"
    [ -z "$scarce" ] || flush
  done
  # Much to read, for which stat has time.
  while read -r key val; do case $key in oom_kill) say "vm oom_kill=$val" && break ;; esac; done </proc/vmstat
  printed=yes && say "part $bytes" && flush
} <&-

# Sets ask_0 and so on to `STATE MOUNT` of the $count file systems to ask: the root first, each device once, and only
# local disks: a dead NFS, CIFS or FUSE mount answers never, and not even KILL ends the wait. A line of mountinfo is
# `ID PARENT DEVICE TOP MOUNT OPTIONS [OPTIONAL...] - TYPE SOURCE SUPEROPTIONS`, in no order. dash is slow with many
# variables, and every shell is with long ones, so there are few a mount, and the disks are collected twenty by twenty.
read_mounts() {
  order=0 slices=0 slice= held=0 devices= root= rooted= behind= count=0
  while read -r id parent device top mount options rest; do
    case $id$parent:${device%%:*}${device#*:} in *[!0-9:]* | *:*:*) continue ;; esac
    rest=" $rest" rest=${rest#* - }
    type=${rest%% *} super=${rest##* } state=rw remote=
    case $mount:$type in
      /:* | *:ext[234] | *:xfs | *:btrfs | *:zfs | *:f2fs | *:bcachefs | *:jfs | *:vfat | *:exfat | *:ntfs3)
        # A mount that was made writable, of a file system that is read-only now: the kernel turned it so after an error.
        case ,$options,:,$super, in
          *,ro,*:*) state=rd ;;
          *:*,ro,*) state=ro ;;
        esac
        case $type:,$super, in
          squashfs:* | erofs:* | iso9660:* | romfs:* | cramfs:*) type=sealed ;;
          overlay:*,upperdir=*) ;;
          overlay:*) type=sealed ;;
        esac
        case $type$state in sealedro) state=rd ;; esac
        slice="$slice$id ${device%%:*}_${device#*:} $state $type $top $mount$nl" held=$((held + 1))
        [ $held -lt 20 ] || { eval "slice_$slices=\$slice" && slices=$((slices + 1)) slice= held=0; } ;;
    esac
    case $type in
      nfs* | cifs | smb* | fuse* | autofs | 9p | ceph | afs | lustre | glusterfs | gfs2) remote=yes ;;
    esac
    IFS=/
    set -- $mount
    IFS=$blank
    # Those mounted from the same parent, by depth.
    order=$((order + 1))
    eval "from_${parent}_$#=\"\$from_${parent}_$# $id \$mount\" mount_$id=\"$order $parent \$mount $# $remote\""
  done </proc/self/mountinfo
  eval "slice_$slices=\$slice"
  held=0
  while [ $held -le $slices ]; do
    eval "line=\$slice_$held" && held=$((held + 1))
    IFS=$nl
    for line in $line; do
      IFS=$blank
      add_to_device $line
    done
  done
  IFS=$blank
  [ "$rooted" ] || add_mount rw /
  for device in $root $devices; do
    eval "set -- \$device_$device" && state=$1 type=$2 rank=$3 mount=$4
    eval "device_$device="
    [ "$mount" ] && [ "$mount" != - ] || continue
    [ $rank -ne 8 ] || { behind="$behind $mount" && continue; }
    shift 4
    [ $state = rw ] || find_state "$@"
    add_mount $state $mount
  done
  # Listed after those to ask, and never asked.
  listed=$count
  for mount in $behind; do
    eval "ask_$listed=\"rw \$mount\" told_$listed=behind" && listed=$((listed + 1))
  done
}

add_mount() { eval "ask_$count=\"$1 \$2\" told_$count=" && count=$((count + 1)); }

# add_to_device ID DEVICE STATE TYPE TOP MOUNT: a device is `STATE TYPE RANK MOUNT ID...`, of which MOUNT is its face: a
# mount that is writable, the root, one of the whole file system, the shortest. A writable mount that no name leads to
# any more shows what the device is, but can't be asked. Where every way leads through what may never answer, RANK is 8.
add_to_device() {
  id=$1 device=$2 state=$3 type=$4 top=$5 mount=$6
  eval "set -- \$device_$device"
  [ $# -gt 0 ] || { devices="$devices $device" && set -- $state $type 9 -; }
  rank=$3 face=$4
  case $state$1 in *rw*) known=rw ;; *ro*) known=ro ;; *) known=rd ;; esac
  shift 4
  is_reachable $id
  case $?:$rank:$type in
    0:*)
      case $mount:$top in /:*) new=1 ;; *:/) new=2 ;; *) new=3 ;; esac
      [ $state = rw ] || new=$((new + 3))
      if [ $new -lt $rank ] || { [ $new = $rank ] && [ ${#mount} -lt ${#face} ]; }; then rank=$new face=$mount; fi
      [ "$mount" != / ] || rooted=yes
      case $face:$root in /:) root=$device ;; esac ;;
    2:*:sealed) ;;
    2:9:*) rank=8 face=$mount ;;
  esac
  eval "device_$device=\"\$known \$type \$rank \$face \$* \$id\""
}

# is_reachable ID: whether the path of its mount point leads to it; 2 where that is through a file system other than the
# root, which is asked in any case, that may never answer.
is_reachable() {
  eval "set -- $1 \$mount_$1"
  # What is mounted on it.
  eval "line=\"\$from_${1}_$5 \""
  case $line in *" $4 "*) return 1 ;; esac
  at=$1 trail= steps=0
  while eval "way=\$way_$at" && [ -z "$way" ]; do
    trail="$trail $at"
    eval "set -- \$mount_$at" && order=$1 parent=$2 point=$3 depth=$4
    eval "set -- \$mount_$parent"
    # What was mounted later, from the same parent, over a directory on the way.
    over=$point least=${4:-2}
    while [ $depth -gt $least ] && [ $depth -gt 2 ]; do
      over=${over%/*} depth=$((depth - 1))
      eval "line=\"\$from_${parent}_$depth \""
      case $line in
        *" $over "*)
          line=${line%" $over "*}
          eval "line=\$mount_${line##* }"
          [ ${line%% *} -lt $order ] || way=closed ;;
      esac
    done
    [ $# -lt 5 ] || [ "$3" = "$point" ] || [ "$3" = / ] || way=${way:-remote}
    [ $# -gt 0 ] && [ "$2" != $parent ] || way=${way:-open}
    # No table of the kernel's goes round.
    at=$parent steps=$((steps + 1))
    [ $steps -lt 1000 ] || way=closed
    [ -z "$way" ] || break
  done
  for at in $trail; do eval "way_$at=$way"; done
  case $way in open) ;; remote) return 2 ;; *) return 1 ;; esac
}

# find_state ID...: sets $state for the $device of a $type that has only these mounts, all read-only.
find_state() {
  [ "$type" != sealed ] || return 0
  [ "$fstab" ] || read_fstab
  for id in "$@"; do
    eval "set -- \$mount_$id"
    case $fstab in *"$nl$3$nl"*) state=ro ;; esac
  done
  case $type in ext[234]) ;; *) return 0 ;; esac
  name= val=
  while read -r line; do
    case $line in DEVNAME=*) name=${line#*=} ;; esac
  done </sys/dev/block/${device%_*}:${device#*_}/uevent
  read -r val </sys/fs/ext4/$name/errors_count
  case $val in '' | 0) ;; *) state=ro ;; esac
}

# Sets $fstab to the mount points that are to be writable, each on a line of its own. A bind mount is what it binds.
read_fstab() {
  fstab=$nl
  while read -r line point type options rest || [ "$point" ]; do
    case $line:,$options, in '#'* | *,ro,* | *bind,*) continue ;; esac
    [ "$point" = / ] || point=${point%/}
    fstab=$fstab$nl$point$nl
  done </etc/fstab
}

# Asks for all disks at once, without a clock, and meanwhile finds and prints the processes; mostly stat has ended by then.
# If not, it is killed, and the disks are left to find_answers, as they are where one of them gives no figures. Sets
# $asked where all answered. What stat prints comes through the descriptor 3, which is a pipe in the shells that get here;
# it is read when stat has ended, and what is left in it could not keep anyone waiting.
ask_quickly() {
  index=0
  list_paths && [ $i = $count ] || return
  forking=yes IFS=$nl
  stat -f -c "$figures" $paths </dev/null >$own/self/fd/3 2>&1 &
  quick=$! IFS=$blank
  say_largest
  # What has ended has no memory, and the shell may have reaped it.
  until { read -r size rest <$own/$quick/statm && [ "$size" = 0 ]; } || ! kill -0 $quick; do
    [ $index -lt 12 ] || { kill -9 $quick; quick= slow=yes; return; }
    # Costs less than a process that waits, and leaves the CPU to the other.
    (:)
    index=$((index + 1))
  done
  pid=$quick quick=
  wait $pid
  status=$? first=0 end=$count
  while read -r key rest; do take_disk; done <&3
  key=answered rest=$status
  take_disk
  asked=${told_0:+yes}
}

# ask SECONDS COMMAND...: runs it, and gives up with status 9 when it takes longer, dead or not; with status 8 before it
# has begun where there is no time left at all. The clock of find_answers interrupts the wait every second.
ask() {
  last=$((ticks + $1)) && shift
  [ $ticks -lt 12 ] || return 8
  late=
  asking=yes
  "$@" </dev/null 2>&1 &
  while before=$ticks; wait $!; status=$?; [ $before -ne $ticks ]; do
    kill -0 $$ || leave
    # bash may have reaped it during an interrupted wait, and its next one would wait for whatever ends next.
    kill -0 $! || break
    [ $ticks -ge $last ] && ! waits_for_cpu || continue
    late=yes
    # What not even KILL ends is left to the kernel.
    kill -9 $! && [ $ticks -le $((last + 1)) ] || break
  done
  asking=
  [ -z "$late" ] || return 9
  return $status
}

# Whether the child is not slow but short of CPU, which is given more time.
waits_for_cpu() {
  [ $ticks -lt 12 ] && [ -z "$late" ] && line= && read -r line <"$own/$!/stat" || return 1
  case ${line##*) } in R*) ;; *) return 1 ;; esac
}

# Finds out what takes a process each, and hands it to print_answers as it comes.
find_answers() {
  ticks=0 asking= clock= self= hung=0
  trap leave HUP INT TERM PIPE
  trap 'put nofork && leave' EXIT
  trap 'ticks=$((ticks + 1))' USR1
  # The clock interrupts its parent for twenty seconds at most, and nobody else: should find_answers end before sh
  # begins, the parent is the host's first process, for which a USR1 may mean to halt.
  parent=
  read -r self name state parent rest <$own/self/stat
  [ "$parent" = $$ ] || self=
  sh -c 'trap "kill -9 \$!; wait; exit" HUP INT TERM
    [ $PPID -gt 1 ] && [ "${0:-$PPID}" = $PPID ] && {
      while sleep 1 >/dev/null & wait $! && [ $((i += 1)) -le 20 ] && kill -USR1 $PPID; do :; done
      kill $PPID && { sleep 2 >/dev/null & wait $!; kill -9 $PPID; }
    }
    echo gone' "$self" </dev/null &
  clock=$!
  [ -z "$units" ] || ask 5 systemctl --no-pager show -p LoadState -p ActiveState -p NRestarts -- $units
  put units
  [ -z "$port" ] || ask_sshd
  put disks
  [ -z "$asked" ] || count=0
  # One process for many mounts, where stat takes more than one path: it fails for the second.
  many=
  if [ $count -gt 6 ] && [ -z "$stuck" ]; then
    ask 2 stat -f -c x / /proc/none
    [ $? -ne 1 ] || many=yes
  fi
  index=0
  while [ $index -lt $count ]; do
    [ "$many" ] && [ $((index % 32)) = 0 ] && ask_many && index=$((index + 32)) && continue
    case $hung:$stuck:$index in 3:* | *:yes:[1-9]*) break ;; esac
    eval "text=\${ask_$index#* }"
    case $text in *[!\ -~]*)
      name=
      for byte in $(put "$text" | od -An -v -tx1); do name=$name$byte; done
      [ ${#name} -lt 4 ] || [ ${#name} -gt 200 ] || put "hex $index 0x${name%0a}" ;;
    esac
    put "at $index"
    unescape "$text"
    ask 2 stat -f -c "disk $index %S %b %f %a %c %d" "$path"
    case $? in 8) put "unasked $index" && break ;; 9) put "late $index" && hung=$((hung + 1)) ;; 127) put "norun $index" ;; esac
    index=$((index + 1))
  done
  put 'done'
  trap - EXIT
  leave
}

# Ends what find_answers has started, and itself.
leave() {
  trap - EXIT
  trap '' HUP INT TERM PIPE USR1
  [ -z "$asking" ] || [ "$!" = "$clock" ] || kill -9 $!
  put gone
  # The clock ends its sleep when it is terminated; before it has one, its shell may not have begun, and bash lets go
  # of what it was sent until then.
  nap= signal=9
  [ -z "$self" ] || read -r nap <$own/$clock/task/$clock/children
  [ -z "$nap" ] || signal=15
  [ -z "$clock" ] || { kill -$signal $clock && wait $clock; }
  exit 0
}

# Asks for the 32 mounts from $index on at once; fails unless all of them answered.
ask_many() {
  list_paths || return 1
  IFS=$nl
  set -- $paths
  IFS=$blank
  put "many $index"
  ask 2 stat -f -c "$figures" "$@"
  status=$?
  put "answered $status"
  return $status
}

# Sets $paths to those of the 32 mounts from $index on, one a line; fails where a name is none that a line can hold.
list_paths() {
  i=$index paths=
  while [ $i -lt $count ] && [ $i -lt $((index + 32)) ]; do
    eval "unescape \"\${ask_$i#* }\""
    case $path in *[!\ -~]*) return 1 ;; esac
    paths=$paths$path$nl i=$((i + 1))
  done
}

# unescape MOUNT: sets $path to it without the kernel's escapes.
unescape() {
  path= text=$1
  while :; do
    case $text in
      *\\*) path=$path${text%%\\*} text=${text#*\\} ;;
      *) path=$path$text && return ;;
    esac
    case $text in
      040*) path="$path " text=${text#040} ;;
      011*) path=$path$tab text=${text#011} ;;
      012*) path=$path$nl text=${text#012} ;;
      043*) path="$path#" text=${text#043} ;;
      134*) path=$path\\ text=${text#134} ;;
      *) path=$path\\ ;;
    esac
  done
}

# Asks sshd for its greeting: that a socket listens says little, but what greets was forked just now. Where it listens
# and can't be asked, since it is bound to another address or all its tools can't distinguish refused from silent, nothing
# is known. The kernel looks through a table of all sockets for what it prints of them, which may take it longer than all
# the rest, so it is not asked about one that has answered.
ask_sshd() {
  tool= heard=down
  if command -v bash >/dev/null; then
    ask 5 bash -c 'exec 3<>/dev/tcp/127.0.0.1/$0 && echo sshd down &&
      while read -r -t 4 -u 3 line; do case $line in SSH-*) echo "$line" && exit ;; esac; done' "$port" && return
    tool=bash
  fi
  for file in /proc/net/tcp /proc/net/tcp6; do
    # Sockets that listen (0A) come first.
    while read -r slot socket other state rest; do
      case $slot:$state in sl:*) continue ;; *:0A) ;; *) break ;; esac
      [ $((0x${socket##*:})) -ne "$port" ] || heard=unknown
    done <$file
  done
  put "heard $heard"
  if [ "$tool" ] || [ $heard = down ]; then
    return
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
  left=$units unlisted= load= active= restarts= sshd= disks= finished=
  while [ -z "$finished" ] && read -r key rest; do
    case $key in
      LoadState=*) load=${key#*=} ;;
      ActiveState=*) active=${key#*=} ;;
      NRestarts=*) restarts=${key#*=} ;;
      '') print_unit ;;
      units) print_unit && print_unlisted ;;
      sshd) sshd=$rest ;;
      heard) sshd=${sshd:-$rest} ;;
      SSH-*) sshd=up ;;
      disks) disks=yes && flush ;;
      done | gone | nofork) finished=$key ;;
      *) if [ "$disks" ]; then take_disk; else case " $rest" in *' ssh-'* | *' ecdsa-'*) sshd=up ;; esac; fi ;;
    esac
  done
  case $sshd in '') ;; up | unknown) say "sshd $port $sshd" ;; *) say "sshd $port down" ;; esac
  print_disks
  [ "$finished" != nofork ] || say 'fork 0'
  finish
}

# Takes the line `$key $rest` about a mount: what it answered, or why it did not.
take_disk() {
  case $key in
    at | hex | disk | late | unasked | norun | many) ;;
    also)
      [ $next -ge $end ] || eval "told_$next=\$rest"
      next=$((next + 1)) && return ;;
    answered)
      # Not as many lines as mounts: none is known to be another's.
      [ "$rest:$next" = "0:$end" ] || while [ $first -lt $end ]; do end=$((end - 1)) && eval "told_$end="; done
      end=0 && return ;;
    *)
      case $at:$rest in
        :*) ;;
        *'ermission denied'* | *'not permitted'*) eval "told_$at=denied" ;;
      esac
      return ;;
  esac
  n=${rest%% *}
  case $n in *[!0-9]* | '' | ??????*) return ;; esac
  [ $n -lt $count ] || return
  case $key in
    at) at=$n && eval "told_$at=failed" ;;
    hex) hexes="$hexes$rest " ;;
    disk) eval "told_$n=\${rest#* }" ;;
    many)
      at= first=$n next=$n end=$((n + 32))
      [ $end -le $count ] || end=$count ;;
    *) eval "case \$told_$n in *' '*) ;; *) told_$n=\$key ;; esac" ;;
  esac
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
  [ -z "$unlisted$left" ] || [ "$running" ] || read_names
  for line in $roster; do
    case "$unlisted $left " in *" ${line#*=} "*)
      case $running in *" ${line%%=*} "*) say_unit "${line#*=} running -" ;; esac ;;
    esac
  done
  init=
  read -r init </proc/1/comm
  case ${left:+left}:$init$doubt in
    :*) say 'units systemd' ;;
    *:systemd* | *yes) say 'units unknown' ;;
    *) say 'units process' ;;
  esac
}

# Prints why disks are missing, then the root and the fullest.
print_disks() {
  missing= measured=0 unasked=0 more=0 n=0
  while [ $n -lt $listed ]; do
    eval "state=\$ask_$n && set -- \$told_$n"
    case $1 in
      '' | unasked) unasked=$((unasked + 1)) ;;
      late | failed | denied | norun | behind) missing="$missing $n" ;;
      *)
        if are_figures "$@"; then
          # What is read-only by design is full by design.
          case $n:$state in '0:'r?' /') full=root ;; *:rd*) full=0 ;; esac
          eval "filled_$full=\"\$filled_$full $n\"" && measured=$((measured + 1))
        else
          eval "told_$n=odd" && missing="$missing $n"
        fi ;;
    esac
    n=$((n + 1))
  done
  for n in $missing; do
    [ $bytes -lt 1850 ] || { unasked=$((unasked + 1)) && continue; }
    name_mount
    eval "set -- \$told_$n"
    case $1 in late) say "late $text" ;; *) say "unread $1 $text" ;; esac
  done
  level=root
  while [ $measured -gt 0 ]; do
    eval "line=\$filled_$level"
    for n in $line; do
      measured=$((measured - 1))
      # The first for which there is no room ends it, so that all that follow are less full.
      [ $more = 0 ] && print_disk || more=$((more + 1))
    done
    case $level in root) level=100 ;; *) level=$((level - 1)) ;; esac
  done
  [ $more = 0 ] || say "more $more"
  [ $unasked = 0 ] || say "unasked $unasked"
}

# Prints the disk $n; fails where there is no room.
print_disk() {
  name_mount
  eval "text=\"disk \$told_$n \${ask_$n%% *} \$text\""
  [ $((bytes + ${#text})) -lt 2300 ] && say "$text"
}

# Sets $text to the name of the mount $n.
name_mount() {
  case $hexes in
    *" $n "*) text=${hexes#*" $n "} text=${text%% *} ;;
    *) eval "clean_mount \"\${ask_$n#* }\"" ;;
  esac
}

# are_figures BLOCKSIZE BLOCKS FREE AVAILABLE INODES INODESFREE: whether they are, and sets $full to the percentage gone.
are_figures() {
  case $#:$1 in 6:*[!0-9]* | [!6]*) return 1 ;; esac
  for figure; do case ${figure#-} in '' | *[!0-9]* | 0?* | $ten$ten?*) return 1 ;; esac; done
  full=0
  fuller "$2" "$4"
  fuller "$5" "$6"
}

# fuller TOTAL LEFT: raises $full to the percentage gone. A negative number left, or more than there are, is none.
fuller() {
  total=$1 rest=$2
  case $total in 0 | -*) return 0 ;; esac
  case $rest in -*) full=100 && return ;; esac
  [ ${#rest} -le ${#total} ] || { full=100 && return; }
  # mksh counts in 32 bits.
  while [ ${#total} -gt 7 ]; do total=${total%?} rest=${rest%?}; done
  rest=${rest:-0}
  [ $rest -le $total ] || rest=0
  rest=$((100 - rest * 100 / (total + 1)))
  [ $rest -le $full ] || full=$rest
}

# What is left to print when no process could be started; the shell ends by itself then.
print_rest() {
  trap - EXIT
  IFS=$blank
  ${quick:+kill -9 $quick}
  [ "$printed" ] || say_largest
  if [ "$forking" ]; then
    n=0
    while [ $n -lt $count ] && [ $bytes -lt 2200 ]; do
      eval "clean_mount \"\${ask_$n#* }\" && say \"mount \${ask_$n%% *} \$text\"" && n=$((n + 1))
    done
    say 'fork 0'
  fi
  finish
  exit 0
}

main() {
  units= roster=' ' port= doubt= fstab= forking= asked= quick= slow= printed= at= hexes=' ' next=0 end=0
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
  say 'crawlwatch 1'
  # bash would run the trap for EXIT as well: a session that ends is no want of processes.
  trap '${quick:+kill -9 $quick}; trap - EXIT && exit 0' HUP INT TERM PIPE
  trap print_rest EXIT
  say_memory
  say_identity
  read_mounts
  list_processes
  # A query that hangs is looked for where more than the root is to be asked.
  [ $count -le 1 ] || read_names
  # Processes are printed before a fork that may be slow: where memory is scarce, and in bash and mksh, which
  # are silent for half a minute where they can't fork.
  [ "$BASH_VERSION$KSH_VERSION$scarce$stuck" ] || ask_quickly 3<<'.'
.
  [ "$printed" ] || say_largest
  forking=yes
  if [ "$asked$units$port" = yes ]; then
    print_disks
    finish
  else
    find_answers | print_answers &
    # What has been killed may hang for ever.
    wait ${slow:+$!}
  fi
  trap - EXIT
  exit 0
}
main "$@"
