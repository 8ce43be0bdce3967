/** The page's server: for this machine alone, two addresses, read only. Changes are server-sent events. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { UsageError } from '../terminal/index.ts';
import { HEADERS, PAGE } from './page.ts';
import type { View } from './view.ts';

export interface PageServer {
  readonly url: string;
  /** Sends to every open page, and to those that open later. */
  show(view: View): void;
  close(): Promise<void>;
}

const LOOPBACK = '127.0.0.1';

/** @param port 0: any that is free. @throws UsageError where the port is taken. */
export async function startServer(port: number): Promise<PageServer> {
  const pages = new Set<ServerResponse>();
  let latest: string | null = null;
  const server = createServer((request, response) => {
    if (!isForThisMachine(request, server)) return refuse(response, 421, 'This page is for 127.0.0.1 alone.');
    if (request.method !== 'GET') return refuse(response, 405, 'The page is read only: GET alone.');
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

function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { ...HEADERS, 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
}
