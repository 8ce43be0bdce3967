import { describe, expect, it } from 'vitest';
import { fingerprint } from '../../../lambda/ssh/known-hosts.ts';
import { sshTransport } from '../../../lambda/ssh/transport.ts';
import { probeAll } from '../../support/probe-run.ts';
import { at, host, login, pinning, replyOf, started } from '../../support/ssh-hosts.ts';
import { keyPair, rawServer } from '../../support/ssh-server.ts';

const silent = () => started(rawServer(() => {}));

describe('a run over SSH', () => {
  it('stops at once when it is aborted, without a reply for hosts that had not answered', async () => {
    const [quiet, sound] = [await silent(), await host()];
    const stop = new AbortController();
    const hosts = [at(quiet), at(sound), ...Array.from({ length: 20 }, (_, n) => at(quiet, { id: `waiting ${n}` }))];
    const run = probeAll(pinning, hosts, { hostDeadlineMs: 100_000, forks: 2, signal: stop.signal });
    await expect.poll(() => quiet.accepted).toBe(2);
    stop.abort();
    expect([...(await run).keys()]).toEqual([at(sound).id]);
    await expect.poll(() => quiet.open).toBe(0);
    expect(quiet.accepted).toBe(2);
  });

  it('connects to no host where it was aborted before', async () => {
    const sound = await host();
    expect(await probeAll(pinning, [at(sound)], { signal: AbortSignal.abort() })).toEqual(new Map());
    expect(sound.accepted).toBe(0);
  });

  it.each([
    [3, 'there are forks', 3, 12],
    [500, 'that, however many forks are asked for', 1000, 520],
  ])('never has more than %d connections open: %s', async (limit, _what, forks, instances) => {
    // Nobody is let go until as many are in as may be, and then some time has passed in which none came on top.
    let held: (() => void)[] | null = [];
    let most = 0;
    const door = await started(
      rawServer((socket) => {
        const release = () => void socket.end('not ssh\r\n');
        if (held === null) return release();
        held.push(release);
        if (held.length < limit) return;
        setTimeout(() => {
          most = door.accepted;
          held?.splice(0).forEach((letGo) => void letGo());
          held = null;
        }, 200);
      }),
    );
    const many = Array.from({ length: instances }, (_, n) => at(door, { id: `${n}` }));
    const answers = await probeAll(pinning, many, { forks });
    expect(answers.size).toBe(instances);
    expect(most).toBe(limit);
  });

  it('goes on with the others while one hangs', async () => {
    const [quiet, sound] = [await silent(), await host()];
    const others = Array.from({ length: 5 }, (_, n) => at(sound, { id: `sound ${n}` }));
    const answers = await probeAll(pinning, [at(quiet), ...others], { forks: 2, hostDeadlineMs: 3000 });
    expect([...answers.keys()]).toEqual([...others.map(({ id }) => id), at(quiet).id]);
  });

  it('counts the deadline of a host from its own turn', async () => {
    const quiet = await silent();
    const answers = await probeAll(pinning, [at(quiet), at(quiet, { id: 'second' })], {
      forks: 1,
      hostDeadlineMs: 800,
    });
    expect([...answers.values()].map(({ reply }) => reply)).toEqual(
      Array(2).fill(
        expect.objectContaining({ reason: 'BannerTimeout', text: expect.stringContaining('within 0.8 s') }),
      ),
    );
  });
});

describe('the command on a host', () => {
  const asked = async (worker: string | null) => {
    const commands: string[] = [];
    const scripts: string[] = [];
    const server = await host({
      exec(accept, _reject, command) {
        commands.push(command);
        const channel = accept();
        channel.on('data', (chunk: Buffer) => scripts.push(chunk.toString()));
        channel.on('end', () => {
          channel.exit(0);
          channel.end();
        });
      },
    });
    await probeAll(pinning, [at(server, { worker })], { script: 'echo hi\n' });
    expect(scripts.join('')).toBe('echo hi\n');
    return commands;
  };

  it.each(['a; reboot', '$(reboot)', 'a b', '-x\n', ''])('never carries a unit named %j', async (worker) => {
    expect(await asked(worker)).toEqual(['sh -s']);
  });

  it.each([
    [null, 'sh -s'],
    ['sidekiq@1:a_b-c.service', 'sh -s -- sidekiq@1:a_b-c.service'],
  ])('for unit %j is %j, with the script as its input', async (worker, command) => {
    expect(await asked(worker)).toEqual([command]);
  });

  it.each(['stdout', 'stderr'] as const)(
    'is cut where it floods its %s, and what had come is the reply',
    async (where) => {
      const server = await host({
        exec(accept) {
          const channel = accept();
          channel.on('error', () => {});
          const out = where === 'stdout' ? channel : channel.stderr;
          const flood = () => channel.writable && out.write('y'.repeat(32_000), flood);
          flood();
        },
      });
      const reply = await replyOf(pinning, at(server));
      expect(reply).toMatchObject({ kind: 'output', output: expect.stringMatching(/^y+$/) });
      expect(reply?.output).toHaveLength(where === 'stdout' ? 64 * 1024 : 4 * 1024);
    },
  );

  it('replies with its error output where it printed nothing else', async () => {
    const server = await host({
      exec(accept) {
        const channel = accept();
        channel.stderr.write('This account is currently not available.\n');
        channel.exit(1);
        channel.end();
      },
    });
    expect(await replyOf(pinning, at(server))).toMatchObject({
      kind: 'output',
      output: 'This account is currently not available.\n',
    });
  });
});

describe('the key of a host', () => {
  it('is returned where the host accepted the login, and then trusted as the pin', async () => {
    const server = await host();
    const hostKey = (await replyOf(pinning, at(server)))?.hostKey ?? '';
    expect(hostKey).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
    expect(await replyOf(pinning, at(server, { hostKey }))).toMatchObject({ kind: 'output', hostKey });
  });

  it('is not returned where the host refused the login: it may be a stranger', async () => {
    const server = await host({ authorized: [] });
    expect(await replyOf(pinning, at(server))).not.toHaveProperty('hostKey');
  });

  it('decides before anything is run', async () => {
    let ran = false;
    const server = await host({
      exec: (accept) => {
        ran = true;
        accept().end();
      },
    });
    const strict = sshTransport({
      privateKey: login.private,
      hostKeys: { kind: 'known-hosts', known: [], acceptNew: false },
    });
    expect(await replyOf(strict, at(server))).toMatchObject({ reason: 'HostKeyUnknown' });
    expect(ran).toBe(false);
  });

  it('is handed out as a line for known_hosts where new ones are accepted', async () => {
    const hostKey = keyPair('ecdsa');
    const server = await host({ hostKeys: [hostKey.private] });
    const lines: string[] = [];
    const accepting = sshTransport({
      privateKey: login.private,
      hostKeys: { kind: 'known-hosts', known: [], acceptNew: true, accepted: (line) => lines.push(line) },
    });
    const reply = await replyOf(accepting, at(server));
    expect(lines).toEqual([`[127.0.0.1]:${server.port} ${hostKey.public.split(' ').slice(0, 2).join(' ')}`]);
    expect(reply?.hostKey).toBe(fingerprint(Buffer.from(lines[0]!.split(' ')[2]!, 'base64')));
  });
});

it('reads a host by IPv6', async () => {
  const server = await host({ address: '::1' });
  expect(await replyOf(pinning, at(server))).toMatchObject({ kind: 'output', output: 'vitals' });
});
