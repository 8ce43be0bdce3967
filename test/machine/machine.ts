/** A virtual machine in qemu: 512 MiB, two processors, a disk and swap whose speed can be set while it runs. */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { machineImage } from './image.ts';

/** An interrupted run must leave no machine behind. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

const MEMORY_MIB = 512;
const BOOT_MS = 10 * 60_000;
/** By then a kernel that runs at all has written its first line. */
const KERNEL_MS = 20_000;

export type Accelerator = 'kvm' | 'tcg';

export interface Machine {
  readonly accelerator: Accelerator;
  /** On 127.0.0.1, forwarded to the machine's own port 22. */
  readonly port: number;
  /** Root's, made for this run. */
  readonly privateKey: string;
  /** Runs a command as root by OpenSSH's client. @throws where it fails or takes a minute */
  run(command: string): Promise<string>;
  /** Limits reads and writes a second of each disk; null: no limit. */
  limitDisks(operationsPerSecond: number | null): Promise<void>;
  /** What the reset button does. */
  reset(): Promise<void>;
  /** Resolves once root can log in and systemd has started all. @throws after ten minutes, with the console's end */
  started(): Promise<void>;
  /** What the kernel and systemd have written on the serial line. */
  console(): string;
  close(): Promise<void>;
}

/** Boots one. Where KVM is there and doesn't work (nested, filtered), the processors are emulated. */
export async function bootMachine(): Promise<Machine> {
  const image = await machineImage();
  if (hasKvm()) {
    const machine = await boot(image, 'kvm');
    if (machine !== null) return machine;
    process.stderr.write('/dev/kvm is here but no kernel starts on it: emulating the processors instead\n');
  }
  const machine = await boot(image, 'tcg');
  if (machine === null) throw new Error('qemu started no kernel');
  return machine;
}

function hasKvm(): boolean {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** @returns null where no kernel starts */
async function boot(image: string, accelerator: Accelerator): Promise<Machine | null> {
  const directory = mkdtempSync(join(tmpdir(), 'crawlwatch-machine-'));
  const own = (name: string) => join(directory, name);
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', own('key')]);
  const [, publicKey = ''] = readFileSync(own('key.pub'), 'utf8').split(' ');
  const port = await freePort();
  const disk = (id: string) => [
    ...['-drive', `file=${image}/${id}.img,format=raw,if=none,id=${id},snapshot=on`],
    ...['-device', `virtio-blk-pci,drive=${id}`],
  ];
  const child = spawn(
    'qemu-system-x86_64',
    [
      ...['-accel', accelerator, '-cpu', 'max', '-smp', '2', '-m', String(MEMORY_MIB), '-display', 'none'],
      ...['-kernel', `${image}/vmlinuz`, '-initrd', `${image}/initrd`],
      ...['-append', `root=/dev/vda console=ttyS0 panic=-1 crawlwatch.key=${publicKey.trim()}`],
      ...disk('root'),
      ...disk('swap'),
      // It reaches nobody: only its port 22 is reached.
      ...['-nic', `user,model=virtio-net-pci,restrict=on,hostfwd=tcp:127.0.0.1:${port}-:22`],
      ...['-serial', `file:${own('console')}`, '-monitor', `unix:${own('monitor')},server=on,wait=off`],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  running.add(child);
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ended = once(child, 'exit');
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  const readConsole = () => (existsSync(own('console')) ? readFileSync(own('console'), 'utf8') : '');
  const run = async (command: string, seconds = 60) => {
    const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR', 'BatchMode=yes'];
    const args = ['-F', 'none', '-i', own('key'), '-p', String(port), ...options.flatMap((one) => ['-o', one])];
    const { stdout } = await promisify(execFile)('ssh', [...args, 'root@127.0.0.1', command], {
      timeout: seconds * 1000,
    });
    return stdout.trim();
  };
  const close = async () => {
    child.kill('SIGKILL');
    await ended;
    running.delete(child);
    rmSync(directory, { recursive: true, force: true });
  };
  const machine: Machine = {
    accelerator,
    port,
    privateKey: readFileSync(own('key'), 'utf8'),
    run,
    async limitDisks(operationsPerSecond) {
      for (const id of ['root', 'swap']) {
        await monitor(own('monitor'), `block_set_io_throttle ${id} 0 0 0 ${operationsPerSecond ?? 0} 0 0`);
      }
    },
    reset: () => monitor(own('monitor'), 'system_reset'),
    async started() {
      for (const began = Date.now(); Date.now() - began < BOOT_MS && isRunning(); await sleep(1000)) {
        // A unit that failed makes it `degraded`, and its exit status 1.
        const state = await run('systemctl is-system-running --wait || :', 30).catch(() => '');
        if (['running', 'degraded'].includes(state)) return;
      }
      throw new Error(`the machine did not start:\n${said}\n${readConsole().slice(-2000)}`);
    },
    console: readConsole,
    close,
  };
  for (const began = Date.now(); !readConsole().includes('Linux version'); await sleep(200)) {
    if (isRunning() && Date.now() - began < KERNEL_MS) continue;
    await close();
    if (accelerator === 'kvm') return null;
    throw new Error(`qemu started no kernel: ${said}`);
  }
  await machine.started();
  return machine;
}

/** Gives one command to qemu's monitor, which prompts before it and after it. */
async function monitor(path: string, command: string): Promise<void> {
  const socket = connect(path);
  socket.write(`${command}\n`);
  let said = '';
  for await (const chunk of socket) {
    said += chunk;
    if (said.split('(qemu)').length > 2) break;
  }
  if (/error|unknown command/i.test(said)) throw new Error(`qemu's monitor refused ${command}: ${said}`);
}

/** A port that was free a moment ago: qemu can't be asked to choose one itself. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
