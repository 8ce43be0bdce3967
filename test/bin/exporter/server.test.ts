import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { type Exporter, startExporter } from '../../../bin/exporter/server.ts';

const open: Exporter[] = [];
async function started(host = '127.0.0.1'): Promise<Exporter> {
  const exporter = await startExporter({ host, port: 0 });
  open.push(exporter);
  return exporter;
}
afterEach(() => Promise.all(open.splice(0).map((exporter) => exporter.close())));

async function ask({ at }: Exporter, path: string, given: { method?: string; headers?: Record<string, string> } = {}) {
  const asked = request({ host: '127.0.0.1', port: at.port, path, agent: false, ...given }).end();
  const [answer] = await once(asked, 'response');
  return { status: answer.statusCode, headers: answer.headers, body: await text(answer) };
}

/** Sends bytes as they are. @returns what came before the end of the connection. */
async function raw({ at }: Exporter, bytes: string): Promise<string> {
  const socket = connect(at.port, '127.0.0.1');
  socket.on('error', () => {}).write(bytes);
  let read = '';
  socket.setEncoding('latin1').on('data', (part: string) => {
    read += part;
  });
  await once(socket, 'close');
  return read;
}

describe('the exporter', () => {
  it('has no metrics before the first check, and says when to ask again', async () => {
    const exporter = await started();
    expect(await ask(exporter, '/metrics')).toMatchObject({
      status: 503,
      headers: { 'retry-after': '5' },
      body: 'The first check is not done yet.\n',
    });
    expect(await ask(exporter, '/-/healthy')).toMatchObject({ status: 200 });
  });

  it('serves what it was given last, as version 0.0.4 of the text format', async () => {
    const exporter = await started();
    exporter.serve('a 1\n');
    exporter.serve('ä 2\n');
    expect(await ask(exporter, '/metrics?x=1')).toMatchObject({
      status: 200,
      headers: {
        'content-type': 'text/plain; version=0.0.4; charset=utf-8',
        'content-length': '5',
        'cache-control': 'no-store',
        connection: 'close',
      },
      body: 'ä 2\n',
    });
    expect(await ask(exporter, '/metrics', { method: 'HEAD' })).toMatchObject({
      status: 200,
      headers: { 'content-length': '5' },
      body: '',
    });
  });

  it.each([
    ['GET', '/', 200, /\/metrics/],
    ['GET', '/metrics/', 404, /There are/],
    ['GET', '/../etc/passwd', 404, /There are/],
    ['POST', '/metrics', 405, /GET and HEAD/],
    ['DELETE', '/', 405, /GET and HEAD/],
    ['OPTIONS', '*', 405, /GET and HEAD/],
  ])('answers %s %s with %i', async (method, path, status, body) => {
    const answer = await ask(await started(), path, { method });
    expect(answer).toMatchObject({ status, body: expect.stringMatching(body) });
    expect(answer.headers.allow).toBe(status === 405 ? 'GET, HEAD' : undefined);
  });

  it.each([
    ['evil.example', 421],
    ['127.0.0.1.evil.example:9469', 421],
    ['localhost', 200],
    ['LOCALHOST:9469', 200],
    ['10.0.0.7:9469', 200],
    ['[::1]:9469', 200],
  ])('on loopback, asked as %s, answers %i: a foreign page may have pointed its name here', async (host, status) => {
    expect(await ask(await started(), '/', { headers: { host } })).toMatchObject({ status });
  });

  it('answers to any name where it is open to others, and to its own on loopback', async () => {
    const everywhere = await started('0.0.0.0');
    expect(everywhere.isOpen).toBe(true);
    expect(await ask(everywhere, '/', { headers: { host: 'monitor.example' } })).toMatchObject({ status: 200 });
    expect((await started('localhost')).isOpen).toBe(false);
  });

  it('refuses headers beyond 8 KiB, and what is not HTTP', async () => {
    const exporter = await started();
    expect(await raw(exporter, `GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${'x'.repeat(9000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 431 /,
    );
    expect(await raw(exporter, 'SSH-2.0-x\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
    expect(await raw(exporter, 'GET / HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('keeps no connection: the second request on one is not answered', async () => {
    const twice = 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'.repeat(2);
    expect((await raw(await started(), twice)).split('HTTP/1.1 200')).toHaveLength(2);
  });

  it('closes at once, also connections that are silent', async () => {
    const exporter = await started();
    const silent = connect(exporter.at.port, '127.0.0.1').on('error', () => {});
    await once(silent, 'connect');
    await Promise.all([once(silent, 'close'), exporter.close()]);
    open.splice(0);
    const [error] = await once(connect(exporter.at.port, '127.0.0.1'), 'error');
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('says in one line that the port is in use', async () => {
    const { at } = await started();
    await expect(startExporter(at)).rejects.toThrow(
      `--listen: can't listen on 127.0.0.1:${at.port} (EADDRINUSE): the port is in use; choose another, or 0 for any that is free`,
    );
  });
});
