import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseKnownHosts } from '../../../lambda/ssh/known-hosts.ts';
import { sshTransport } from '../../../lambda/ssh/transport.ts';
import { type Answer, probeAll, sshInstance } from '../../support/probe-run.ts';
import { BEFORE_BANNER, FAULT_DEADLINE_MS, type Fault, type FaultyHost } from '../../support/ssh-faults.ts';
import { AFTER_BANNER } from '../../support/ssh-login-faults.ts';
import { keyPair } from '../../support/ssh-server.ts';

/** Of a pin, which is another policy. */
const NOT_HERE = 'shows another host key than the pinned one';
const FAULTS: readonly Fault[] = [...BEFORE_BANNER, ...AFTER_BANNER].filter(({ does }) => does !== NOT_HERE);

/** A known host is asked again where it ends a connection in which something was sent ahead. */
const ATTEMPTS: Readonly<Record<string, number>> = { 'closes after its banner': 2 };

describe('a run over every kind of faulty host that is known from before, so that much is sent ahead', () => {
  const login = keyPair();
  const hosts = new Map<Fault, FaultyHost>();
  const before = new Map<Fault, number>();
  let answers: Map<string, Answer>;

  beforeAll(async () => {
    for (const fault of FAULTS) hosts.set(fault, await fault.start(login.public));
    const instancesOf = (faults: readonly Fault[]) =>
      faults.map((fault) => {
        const { address = '127.0.0.1', port = 0 } = hosts.get(fault) ?? {};
        return sshInstance(address, port, { id: fault.does });
      });
    const lines: string[] = [];
    const learning = sshTransport({
      privateKey: login.private,
      hostKeys: { kind: 'known-hosts', known: [], acceptNew: true, accepted: (line) => lines.push(line) },
    });
    await probeAll(learning, instancesOf(FAULTS.filter((fault) => AFTER_BANNER.includes(fault))), {
      hostDeadlineMs: 2000,
      forks: 60,
    });
    // Those that never exchanged keys have another key on record.
    const names = [...hosts.values()].map(({ address = '127.0.0.1', port }) => `[${address}]:${port}`);
    const unseen = names.filter((name) => !lines.some((line) => line.startsWith(`${name} `)));
    const known = parseKnownHosts([...lines, ...unseen.map((name) => `${name} ${keyPair().public}`)].join('\n'));
    for (const [fault, { accepted = 0 }] of hosts) before.set(fault, accepted);
    const transport = sshTransport({
      privateKey: login.private,
      hostKeys: { kind: 'known-hosts', known, acceptNew: false },
    });
    answers = await probeAll(transport, instancesOf(FAULTS), { hostDeadlineMs: FAULT_DEADLINE_MS, forks: 60 });
  });
  afterAll(() => Promise.all([...hosts.values()].map((host) => host.close?.())));

  it.each(FAULTS.map((fault) => [fault.does, fault.reason, fault] as const))(
    'calls a host that %s %s',
    (id, reason, fault) => {
      const reply = answers.get(id)?.reply;
      expect(reply).toMatchObject({ kind: 'failed', reason, text: expect.stringMatching(fault.says) });
      expect(reply?.output ?? '').toContain(fault.output ?? '');
      const attempts = ATTEMPTS[id] ?? fault.attempts;
      if (attempts === undefined) return;
      expect((hosts.get(fault)?.accepted ?? 0) - (before.get(fault) ?? 0)).toBe(attempts);
    },
  );
});
