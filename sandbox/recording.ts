/**
 * A host at one moment, as files: the /proc and /etc that the probe script reads, and the tools it calls. `replay` points a
 * script at them, and it runs in a real shell.
 */
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Crawler, CrawlerState } from './crawlers.ts';

export interface Recording {
  /** Returns the script, changed to read this recording instead of the machine it runs on. */
  replay(script: string): string;
  /** Whether a script has restarted the worker, after which the recording shows the state that follows. */
  wasRestarted(): boolean;
  remove(): void;
}

const WORKER_PID = 2213;
const PAGE_KB = 4;
/** The memory of kernel and base system where nothing else runs. */
const BASE_KB = 180_000;

/**
 * Writes the recording of a crawler's state to `folder`, which is emptied first.
 *
 * @param restarted the state after a restart of the worker; null: a restart changes nothing
 */
export function record(
  folder: string,
  crawler: Crawler,
  state: CrawlerState,
  uptimeSeconds: number,
  restarted: CrawlerState | null = null,
): Recording {
  const next = `${folder}.restarted`;
  const remove = () => {
    for (const path of [folder, next]) rmSync(path, { recursive: true, force: true });
  };
  remove();
  const write = writerTo(folder);
  writeState(write, crawler, state, uptimeSeconds);
  if (restarted !== null) writeState(writerTo(next), crawler, restarted, uptimeSeconds);
  write('bin/systemctl', systemctl(folder, next), 0o755);
  write('bin/sudo', '#!/bin/sh\nshift\nexec "$@"\n', 0o755);
  return {
    replay: (script) =>
      script.replace(/^PATH=\/usr.*$/m, `PATH=${folder}/bin:/usr/bin:/bin`).replace(/\/(proc|etc)\//g, `${folder}/$1/`),
    wasRestarted: () => existsSync(join(folder, 'restarted')),
    remove,
  };
}

type Write = (name: string, text: string, mode?: number) => void;

const writerTo =
  (folder: string): Write =>
  (name, text, mode = 0o644) => {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    chmodSync(path, mode);
  };

function writeState(write: Write, crawler: Crawler, state: CrawlerState, uptimeSeconds: number): void {
  const availableKb = crawler.totalKb - state.usedKb;
  const workerKb = state.worker === 'failed' ? 0 : Math.max(0, state.usedKb - BASE_KB);
  write('proc/meminfo', meminfo(crawler.totalKb, availableKb));
  write('proc/vmstat', `nr_free_pages ${Math.floor(availableKb / PAGE_KB)}\noom_kill ${state.oomKills}\n`);
  write('proc/pressure/memory', pressure(availableKb / crawler.totalKb));
  write('proc/loadavg', '0.42 0.37 0.31 1/143 2302\n');
  write('proc/uptime', `${uptimeSeconds}.00 ${uptimeSeconds}.00\n`);
  write('proc/sys/kernel/random/boot_id', `${bootId(crawler, state.boot)}\n`);
  write('proc/sys/kernel/osrelease', '6.8.0-1021-aws\n');
  write('proc/self/mountinfo', '25 1 259:1 / / rw,relatime - ext4 /dev/root rw\n');
  write('proc/net/tcp', '  sl  local_address rem_address   st\n   0: 00000000:0016 00000000:0000 0A\n');
  write('etc/os-release', 'ID=ubuntu\nVERSION_ID="24.04"\n');
  process(write, 1, 'systemd', 11_200);
  if (workerKb > 0) process(write, WORKER_PID, 'ruby', workerKb);
  write('bin/units', crawler.worker === null || state.worker === null ? '' : `${crawler.worker} ${state.worker}\n`);
  write('bin/stat', statShim(state), 0o755);
}

/** A boot id that changes with each boot only. */
const bootId = (crawler: Crawler, boot: number): string =>
  `${crawler.id.slice(-4)}b${String(boot).padStart(3, '0')}-aaaa-4bbb-8ccc-0123456789ab`;

/** The page cache counts as free in `available` only: the column of `free` that the original script didn't read. */
function meminfo(totalKb: number, availableKb: number): string {
  const freeKb = Math.floor(availableKb * 0.6);
  const rows = {
    MemTotal: totalKb,
    MemFree: freeKb,
    MemAvailable: availableKb,
    Buffers: 20_480,
    Cached: 1_280_000,
    Shmem: 376,
  };
  const swap = { SReclaimable: 64_000, SwapTotal: 0, SwapFree: 0 };
  return Object.entries({ ...rows, ...swap })
    .map(([key, kb]) => `${key}:${String(kb).padStart(15)} kB\n`)
    .join('');
}

function pressure(available: number): string {
  const some = available < 0.03 ? '18.20' : '0.00';
  const full = available < 0.03 ? '9.75' : '0.00';
  return `some avg10=${some} avg60=0.00 avg300=0.00 total=0\nfull avg10=${full} avg60=0.00 avg300=0.00 total=0\n`;
}

function process(write: Write, pid: number, name: string, residentKb: number): void {
  const before = `S 1 ${pid} ${pid} 0 -1 4194560 0 0 0 0 100 50 0 0 20 0 1 0 500`;
  write(
    `proc/${pid}/stat`,
    `${pid} (${name}) ${before} ${residentKb * 1024} ${Math.floor(residentKb / PAGE_KB)} 0 0 0\n`,
  );
  write(`proc/${pid}/statm`, `${Math.floor(residentKb / PAGE_KB)} ${Math.floor(residentKb / PAGE_KB)} 0 0 0 0 0\n`);
  write(`proc/${pid}/comm`, `${name}\n`);
  write(`proc/${pid}/status`, `Name:\t${name}\nState:\tS (sleeping)\nVmRSS:\t${residentKb} kB\n`);
}

/**
 * Answers `systemctl show -p PROPERTY... -- UNIT...` as systemd does, and `systemctl restart -- UNIT` by switching to the
 * recording of the state after a restart.
 */
const systemctl = (folder: string, restarted: string): string => `#!/bin/sh
verb= properties=
while [ $# -gt 0 ] && [ "$1" != -- ]; do
  case $1 in
    -p) properties="$properties $2" && shift ;;
    -*) ;;
    *) verb=$1 ;;
  esac
  shift
done
shift
for unit in "$@"; do
  LoadState=not-found ActiveState=inactive NRestarts=0
  while read -r name state; do
    [ "$name" != "$unit" ] || { LoadState=loaded ActiveState=$state && break; }
  done <${folder}/bin/units
  case $verb:$LoadState in
    show:*)
      for property in $properties; do eval "echo $property=\\$$property"; done
      echo
      ;;
    restart:loaded)
      [ ! -d ${restarted} ] || cp -R ${restarted}/. ${folder}/
      : >${folder}/restarted
      ;;
    *) echo "Unit $unit not found." >&2 && exit 5 ;;
  esac
done
`;

/** Answers `stat -f -c FORMAT MOUNT` for the one disk there is, in blocks of 1 KiB. */
function statShim({ diskAvailableKb, diskUsedPercent }: CrawlerState): string {
  const available = Math.floor(diskAvailableKb);
  const total = Math.floor(available / (1 - diskUsedPercent / 100));
  const values = { S: 1024, b: total, f: available, a: available, c: 524_288, d: 402_113 };
  const edits = Object.entries(values)
    .map(([letter, value]) => `-e 's/%${letter}/${value}/'`)
    .join(' ');
  return `#!/bin/sh\nprintf '%s\\n' "$3" | sed ${edits}\n`;
}
