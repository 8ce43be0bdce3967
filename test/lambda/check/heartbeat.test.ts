/** The sign of life for a watchdog, fetched by Node's own `fetch` from real https servers on this machine. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { beat } from '../../../lambda/check/heartbeat.ts';

/** What a watchdog knows the sender by. */
const TOKEN = '6e1c0f1e-5a4b-4a6f-9d53-2f6f2d2c6b11';

const folder = mkdtempSync(join(tmpdir(), 'crawlwatch-heartbeat-'));
const [key, cert, program] = ['key.pem', 'cert.pem', 'beat.mjs'].map((name) => join(folder, name)) as [
  string,
  string,
  string,
];
const requests: { readonly request: IncomingMessage; readonly body: string }[] = [];
let server: Server;
let closed: Server;

async function listening(): Promise<Server> {
  const one = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text) => {
      body += text;
    });
    request.on('end', () => {
      requests.push({ request, body });
      const [, what] = (request.url ?? '').split('/');
      if (what === 'hang') return;
      if (what === 'endless') return response.writeHead(200).write('OK');
      if (what === 'redirect') return response.writeHead(302, { location: `/ok/${TOKEN}` }).end();
      return response.writeHead(what === 'ok' ? 200 : 500).end('Something that nobody reads.');
    });
  });
  await new Promise<void>((ready) => one.listen(0, '127.0.0.1', ready));
  return one;
}

beforeAll(async () => {
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const made = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  execFileSync('openssl', ['req', ...made, '-keyout', key, '-out', cert, ...subject], { stdio: 'ignore' });
  await build({
    stdin: {
      contents: `import { beat } from './heartbeat.ts';
        const log = { info() {}, error() {}, warn: (event, fields) => console.log(JSON.stringify({ event, ...fields })) };
        await beat(process.argv[2], log, undefined, Number(process.argv[3]));`,
      resolveDir: join(import.meta.dirname, '../../../lambda/check'),
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: program,
  });
  [server, closed] = await Promise.all([listening(), listening()]);
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  requests.length = 0;
});

const urlOf = (of: Server, what: string) => `https://localhost:${(of.address() as AddressInfo).port}/${what}/${TOKEN}`;

/** In a process of its own: only at its start does Node read whom to trust. @returns what it printed, and that it ended well */
async function beaten(url: string, trusts = cert, deadlineMs = 60_000): Promise<string> {
  const child = spawn(process.execPath, [program, url, String(deadlineMs)], {
    env: { NODE_EXTRA_CA_CERTS: trusts },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    printed += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    printed += text;
  });
  expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0);
  return printed.trim();
}

const failure = (of: Server, text: string) => {
  const { host } = new URL(urlOf(of, ''));
  return { event: 'heartbeat.failed', host, text };
};

describe('the heartbeat', () => {
  it.each(['ok', 'endless'])('is one GET without data, whose body nobody reads: %s', async (what) => {
    expect(await beaten(urlOf(server, what))).toBe('');
    expect(requests).toHaveLength(1);
    const [{ request, body }] = requests as [(typeof requests)[number]];
    expect([request.method, request.url, body]).toEqual(['GET', `/${what}/${TOKEN}`, '']);
    // Lambda freezes the process: a connection that is kept is dead at the next check.
    expect(request.headers.connection).toBe('close');
  });

  it('only logs an error of the watchdog, with its host alone', async () => {
    expect(JSON.parse(await beaten(urlOf(server, 'broken')))).toEqual(failure(server, 'HTTP 500'));
  });

  it('does not follow a redirect', async () => {
    const text = 'HTTP 302: it redirects, which is not followed; give the new address';
    expect(JSON.parse(await beaten(urlOf(server, 'redirect')))).toEqual(failure(server, text));
    expect(requests).toHaveLength(1);
  });

  it('waits no longer than its deadline for a watchdog that hangs', async () => {
    const printed = await beaten(urlOf(server, 'hang'), cert, 500);
    expect(JSON.parse(printed)).toEqual(failure(server, 'no answer within 0.5 s'));
  });

  it('only logs that nobody listens', async () => {
    const url = urlOf(closed, 'ok');
    const expected = failure(closed, 'ECONNREFUSED');
    await new Promise((done) => closed.close(done));
    expect(JSON.parse(await beaten(url))).toEqual(expected);
  });

  it('gives no address to a server whose certificate it does not know', async () => {
    const printed = await beaten(urlOf(server, 'ok'), '');
    expect(JSON.parse(printed)).toEqual(failure(server, 'DEPTH_ZERO_SELF_SIGNED_CERT'));
    expect(requests).toEqual([]);
  });

  it('writes the secret part of the address into no log line, whatever fetch says', async () => {
    const lines: string[] = [];
    const warn = (event: string, fields?: object) => void lines.push(JSON.stringify({ event, ...fields }));
    const log = { info: warn, warn, error: warn };
    const url = `https://hc.example.com/${TOKEN}`;
    for (const error of [new TypeError(`Failed to parse URL from ${url}`), new Error(url, { cause: url }), url]) {
      await beat(url, log, () => Promise.reject(error));
    }
    expect(lines).toHaveLength(3);
    expect(lines.join()).not.toContain(TOKEN);
    expect(lines.join()).toContain('hc.example.com');
  });

  it('is none where no watchdog is set', async () => {
    const log = { info: failed, warn: failed, error: failed };
    await beat(null, log, () => Promise.reject(new Error('was fetched')));
  });
});

const failed = (event: string) => {
  throw new Error(event);
};
