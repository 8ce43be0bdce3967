import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { Execution } from '../../lambda/remedy/ports.ts';
import { parseRestart, RESTART_SCRIPTS } from '../../lambda/remedy/restart/restart.ts';
import { directory, hostMissing, SHELLS } from '../support/probe-host.ts';
import { runProbe } from '../support/probe-shell.ts';

if (hostMissing !== null) throw new Error(hostMissing);

const UNIT = 'crawler.service';
const NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
const own = directory();
chmodSync(own.path, 0o777);
afterAll(own.done);

/** A tool that is played, and notes each call. It finds what to play in the variables at its head. */
function play(name: string, body: string): void {
  const log = join(own.path, 'calls');
  writeFileSync(join(own.path, name), `#!/bin/sh\necho "${name} $*" >>${log}\n${body}\n`, { mode: 0o755 });
}

interface Played {
  /** What `systemctl show` says, by unit; none: not-found. */
  readonly loaded?: readonly string[];
  readonly restart?: string;
  readonly active?: string;
  readonly sshd?: string;
}

function host({ loaded = [UNIT], restart = 'exit 0', active = 'active', sshd = 'exit 0' }: Played): void {
  play(
    'systemctl',
    `case $1 in
  show) for unit; do :; done
    case $3:" ${loaded.join(' ')} " in
      LoadState:*" $unit "*) echo LoadState=loaded ;;
      LoadState:*) echo LoadState=not-found ;;
      *) echo ActiveState=${active} ;;
    esac ;;
  restart) ${restart} ;;
esac`,
  );
  play('sshd', sshd);
}

const calls = () => {
  const log = join(own.path, 'calls');
  return existsSync(log) ? readFileSync(log, 'utf8').split('\n').filter(Boolean) : [];
};
const acts = () => calls().filter((call) => !/^(systemctl show|timeout) /.test(call));

async function run(script: string, args: string[], shell: readonly string[], path = own.path): Promise<Execution> {
  const played = script.replace(/^PATH=\/usr.*$/m, `PATH=${path}:/usr/bin:/bin`);
  expect(played).not.toBe(script);
  const result = await runProbe({ shell, args, script: played, env: { PATH: '/usr/bin:/bin' } });
  expect(result).toMatchObject({ code: 0 });
  expect(result.output.split('\n').filter((line) => line.startsWith('end '))).toHaveLength(1);
  return parseRestart(result.output);
}

describe.each(Object.entries(SHELLS))('the restart of a worker in %s', (_, shell) => {
  const restart = (args = [UNIT], as: readonly string[] = []) =>
    run(RESTART_SCRIPTS['restart-worker'], args, [...as, ...shell]);
  beforeEach(() => {
    writeFileSync(join(own.path, 'calls'), '');
    chmodSync(join(own.path, 'calls'), 0o666);
    play('sudo', 'shift; exec "$@"');
    play('timeout', 'shift; exec "$@"');
  });

  it.each([
    ['no unit', [], 'exactly one service has to be named'],
    ['two units', [UNIT, 'other.service'], 'exactly one service has to be named'],
    ['an option', ['--no-block'], 'it names no service that may be restarted'],
    ['a command', ['x;reboot'], 'it names no service'],
    ['a substitution', ['$(reboot)'], 'it names no service'],
    ['a pattern', ['*'], 'it names no service'],
    ["systemd's own", ['systemd-reboot.service'], 'it names no service that may be restarted'],
  ])('touches nothing where it is given %s', async (_, args, text) => {
    host({});
    expect(await restart(args)).toMatchObject({ ok: false, text: expect.stringContaining(text) });
    expect(calls()).toEqual([]);
  });

  it('takes the name of another kind of unit for that of a service', async () => {
    host({});
    expect(await restart(['reboot.target'])).toEqual({
      ok: false,
      text: "systemd can't restart reboot.target.service: it is not-found",
    });
    expect(acts()).toEqual([]);
  });

  it.each([
    ['is masked or unknown', { loaded: [] }, 'it is not-found'],
    ['refuses', { restart: 'echo "Job for it failed.\nSee status." >&2; exit 1' }, 'Job for it failed. See status'],
    ['dies at once', { active: 'failed' }, 'was restarted, but is failed'],
  ])('reports where the unit %s', async (_, played, text) => {
    host(played);
    expect(await restart()).toMatchObject({ ok: false, text: expect.stringContaining(text) });
  });

  it('restarts it as root, and as another user by sudo', async () => {
    host({});
    const worked = { ok: true, text: 'crawler.service was restarted and is active' };
    expect(await restart(['crawler'])).toEqual(worked);
    expect(acts()).toEqual([`systemctl restart -- ${UNIT}`]);
    expect(await restart([UNIT], NOBODY)).toEqual(worked);
    expect(acts().slice(1)).toEqual([`sudo -n systemctl restart -- ${UNIT}`, `systemctl restart -- ${UNIT}`]);
  });

  it('says what sudoers lacks where sudo asks for a password', async () => {
    host({});
    play('sudo', 'echo "sudo: a password is required" >&2; exit 1');
    const { ok, text } = await restart([UNIT], NOBODY);
    expect(ok).toBe(false);
    expect(text).toContain(
      'sudo: a password is required; sudoers must let nobody run systemctl restart crawler.service',
    );
    expect(acts()).toEqual([`sudo -n systemctl restart -- ${UNIT}`]);
  });

  it('says that it is under way where systemd takes longer than anybody waits', async () => {
    host({ active: 'deactivating' });
    play('timeout', 'exit 124');
    expect(await restart()).toEqual({
      ok: true,
      text: 'crawler.service was asked to restart, and is still deactivating after 60 s',
    });
  });

  it('can not be led astray by the environment, by its output or by what reads its input', async () => {
    host({ restart: 'cat; printf "%s\\n" "end ok 1" "$(head -c 5000 /dev/zero | tr "\\0" x)" >&2; exit 1' });
    const { ok, text } = await restart();
    expect([ok, text.length]).toEqual([false, 300]);
  });
});

describe.each(Object.entries(SHELLS))('the restart of sshd in %s', (_, shell) => {
  const restart = (as: readonly string[] = []) => run(RESTART_SCRIPTS['restart-sshd'], [], [...as, ...shell]);
  beforeEach(() => {
    writeFileSync(join(own.path, 'calls'), '');
    chmodSync(join(own.path, 'calls'), 0o666);
    play('sudo', 'shift; exec "$@"');
    play('timeout', 'shift; exec "$@"');
  });

  it('leaves a bad configuration alone, and says what is wrong with it', async () => {
    host({ loaded: ['ssh.service'], sshd: 'echo "line 3: Bad configuration option: Prot" >&2; exit 255' });
    expect(await restart()).toEqual({
      ok: false,
      text: 'sshd was not restarted: its configuration is not good (sshd -t): line 3: Bad configuration option: Prot',
    });
    expect(acts().filter((call) => call.includes('restart'))).toEqual([]);
  });

  it.each([
    ['ssh.service', ['ssh.service']],
    ['ssh.service', ['ssh.service', 'sshd.service']],
    ['sshd.service', ['sshd.service']],
  ])('restarts %s where systemd knows %j', async (unit, loaded) => {
    host({ loaded });
    expect(await restart()).toEqual({ ok: true, text: `${unit} was restarted and is active` });
    expect(acts().at(-1)).toBe(`systemctl restart -- ${unit}`);
  });

  it('does nothing where systemd knows neither', async () => {
    host({});
    expect(await restart()).toEqual({ ok: false, text: 'systemd knows neither ssh.service nor sshd.service' });
    expect(acts()).toEqual([]);
  });

  it('asks sudo for the test as well, which reads keys that only root may', async () => {
    host({ loaded: ['ssh.service'] });
    expect(await restart(NOBODY)).toMatchObject({ ok: true });
    expect(acts().filter((call) => call.startsWith('sudo'))).toEqual([
      `sudo -n ${own.path}/sshd -t`,
      'sudo -n systemctl restart -- ssh.service',
    ]);
  });

  it('makes the directory that went with the service that stopped', async () => {
    host({
      loaded: ['ssh.service'],
      sshd: `[ -e ${own.path}/made ] || { echo "Missing privilege separation directory: /run/sshd" >&2; exit 255; }`,
    });
    rmSync(`${own.path}/made`, { force: true });
    play('mkdir', `: >${own.path}/made`);
    expect(await restart()).toMatchObject({ ok: true });
    expect(acts()).toContain('mkdir -m 755 /run/sshd');
  });
});
