import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RESTART_SCRIPTS, readRestart } from '../../lambda/remedy/restart/restart.ts';
import { sshTransport } from '../../lambda/ssh/transport.ts';
import { type Sshd, sshdMissing, startSshd } from '../../sandbox/sshd.ts';
import { directory } from '../support/probe-host.ts';
import { probeAll, sshInstance } from '../support/probe-run.ts';

if (sshdMissing !== null) throw new Error(sshdMissing);

const UNIT = 'crawler.service';

/** A systemctl that is played, since no systemd runs here; all else is OpenSSH's. */
const SYSTEMCTL = `#!/bin/sh
echo "$*" >>"$0.calls"
case $1:$3 in
  show:LoadState) echo LoadState=loaded ;;
  show:*) echo ActiveState=active ;;
  restart:*) cat; [ ! -e "$0.hangs" ] || exec sleep 30 ;;
esac
`;

describe('a restart over OpenSSH', () => {
  const own = directory();
  const systemctl = join(own.path, 'systemctl');
  const script = RESTART_SCRIPTS['restart-worker'].replace(/^PATH=\/usr.*$/m, `PATH=${own.path}:/usr/bin:/bin`);
  const calls = () => (existsSync(`${systemctl}.calls`) ? readFileSync(`${systemctl}.calls`, 'utf8') : '');
  let sshd: Sshd;
  beforeAll(async () => {
    writeFileSync(systemctl, SYSTEMCTL, { mode: 0o755 });
    sshd = await startSshd();
  });
  afterAll(async () => {
    await sshd.close();
    own.done();
  });

  async function restart(worker: string | null, hostDeadlineMs = 20_000) {
    const { user, privateKey, address, port } = sshd;
    const login = { user, port, privateKeyPath: null };
    const transport = sshTransport({ privateKey, hostKeys: { kind: 'pin' } });
    const answers = await probeAll(transport, [sshInstance(address, port, { login, worker })], {
      script,
      hostDeadlineMs,
    });
    const [answer] = answers.values();
    return readRestart(answer!.reply);
  }

  it('touches nothing where no unit is known, or one that no shell may see', async () => {
    for (const worker of [null, 'x; reboot']) {
      expect(await restart(worker)).toEqual({ ok: false, text: 'exactly one service has to be named' });
    }
    expect(calls()).toBe('');
  });

  it('restarts the unit and reports it, though what it runs reads its input', async () => {
    expect(await restart(UNIT)).toEqual({ ok: true, text: `${UNIT} was restarted and is active` });
    expect(calls()).toContain(`restart -- ${UNIT}`);
  });

  it('is not known to have failed where the time is up amid it', async () => {
    writeFileSync(`${systemctl}.hangs`, '');
    const { ok, text } = await restart(UNIT, 3000);
    expect([ok, text]).toEqual([null, expect.stringContaining('CommandTimeout')]);
  });

  it('has failed where nobody let it in', async () => {
    await sshd.close();
    expect(await restart(UNIT)).toMatchObject({ ok: false, text: expect.stringContaining('ConnectionRefused') });
  });
});
