/**
 * The page's server: for this machine alone. The page, its changes as server-sent events, and a third address for what its
 * buttons ask for, which takes requests of the page itself and of no other.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { messageOf } from '../../lambda/kit/index.ts';
import { UsageError } from '../terminal/index.ts';
import { HEADERS, PAGE } from './page.ts';
import type { View } from './view.ts';

export interface PageServer {
  readonly url: string;
  /** Sends to every open page, and to those that open later. */
  show(view: View): void;
  /** Has what a button asks for answered in HTML; null: nothing is answered. */
  take(by: Answer | null): void;
  close(): Promise<void>;
}

export type Answer = (event: unknown) => Promise<string>;

const LOOPBACK = '127.0.0.1';
/** A button's request has about a hundred bytes. */
const MOST_BYTES = 2_000;

/** @param port 0: any that is free. @throws UsageError where the port is taken. */
export async function startServer(port: number): Promise<PageServer> {
  const pages = new Set<ServerResponse>();
  let latest: string | null = null;
  let answer: Answer | null = null;
  const server = createServer((request, response) => {
    if (!isForThisMachine(request, server)) return refuse(response, 421, 'This page is for 127.0.0.1 alone.');
    if (request.url === '/act') return void act(request, response, answer);
    if (request.method !== 'GET') return refuse(response, 405, 'This address takes GET alone.');
    switch (request.url) {
      case '/':
        response.writeHead(200, { ...HEADERS, 'content-type': 'text/html; charset=utf-8' }).end(PAGE);
        return;
      case '/events':
        response.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream' });
        pages.add(response.on('close', () => pages.delete(response)));
        response.write(latest ?? '\n');
        return;
      default:
        refuse(response, 404, 'There is only /.');
    }
  });
  try {
    await once(server.listen(port, LOOPBACK), 'listening');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`--port: can't listen on ${LOOPBACK}:${port}: ${code}; leave it out for any that is free`);
  }
  return {
    url: `http://${LOOPBACK}:${portOf(server)}/`,
    show: (view) => {
      latest = `data: ${JSON.stringify(view)}\n\n`;
      for (const page of pages) page.write(latest);
    },
    take: (by) => {
      answer = by;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

/** DNS rebinding: a foreign page whose name resolves to this machine sends its own name as the host. */
function isForThisMachine({ headers }: IncomingMessage, server: Server): boolean {
  return headers.host === `${LOOPBACK}:${portOf(server)}` || headers.host === `localhost:${portOf(server)}`;
}

/**
 * Cross-site request forgery: a foreign page may send a POST here, but its browser names that page as the origin, and asks
 * before it sends JSON.
 */
function isFromThePage({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site'];
  return headers.origin === `http://${headers.host}` && (site === undefined || site === 'same-origin');
}

async function act(request: IncomingMessage, response: ServerResponse, answer: Answer | null): Promise<void> {
  if (request.method !== 'POST') return refuse(response, 405, 'This address takes POST alone.');
  if (!isFromThePage(request)) return refuse(response, 403, 'Only the page itself may act.');
  if (request.headers['content-type'] !== 'application/json') return refuse(response, 415, 'It takes JSON alone.');
  if (answer === null) return refuse(response, 503, 'The story begins again in a moment.');
  try {
    const event = await jsonOf(request);
    if (event === undefined) return refuse(response, 400, `It takes JSON of at most ${MOST_BYTES} bytes.`);
    const html = await answer(event);
    response.writeHead(200, { ...HEADERS, 'content-type': 'text/html; charset=utf-8' }).end(html);
  } catch (error) {
    refuse(response, 500, `It was not done: ${messageOf(error)}`);
  }
}

/** Undefined where it is none, or too long. */
async function jsonOf(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk;
    if (text.length > MOST_BYTES) return undefined;
  }
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { ...HEADERS, 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
}
