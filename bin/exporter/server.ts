/** The exporter's server: one document, read only. It keeps no connection, and ends those that are silent. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, isIP } from 'node:net';
import { isLoopback, type Listen, listenError } from './listen.ts';

export interface Exporter {
  /** Where it listens: the address that the name has, the port that was free. */
  readonly at: Listen;
  /** Whether others than this machine can reach it. */
  readonly isOpen: boolean;
  /** Gives what /metrics answers with from now on. */
  serve(metrics: string): void;
  close(): Promise<void>;
}

/** Prometheus sends some 500 bytes of headers, and asks over one connection at a time. */
const HEADER_MAX = 8 * 1024;
const CONNECTIONS_MAX = 50;
const PATIENCE_MS = 10_000;
/** The first check is done within some of these. */
const RETRY_SECONDS = 5;

const TEXT = 'text/plain; charset=utf-8';
/** https://prometheus.io/docs/instrumenting/exposition_formats/#basic-info */
const METRICS = 'text/plain; version=0.0.4; charset=utf-8';

const HELP = `crawlwatch exporter: the last check of a watch, for Prometheus.
/metrics     the metrics
/-/healthy   200 while this process runs
`;

const NAMES_ALLOWED =
  'This exporter answers to localhost and IP addresses alone. Behind a proxy: let it send Host: 127.0.0.1\n';

interface Answer {
  readonly status: number;
  readonly text: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

const NOT_YET: Answer = {
  status: 503,
  text: 'The first check is not done yet.\n',
  headers: { 'retry-after': String(RETRY_SECONDS) },
};

/** @throws UsageError where it can't listen there */
export async function startExporter(listen: Listen): Promise<Exporter> {
  // Bytes, which all connections share: each would make its own of a string.
  let metrics: Buffer | null = null;
  const options = {
    maxHeaderSize: HEADER_MAX,
    headersTimeout: PATIENCE_MS,
    requestTimeout: PATIENCE_MS,
    connectionsCheckingInterval: PATIENCE_MS / 2,
  };
  const server = createServer(options, (request, response) => reply(response, answerTo(request)));
  server.maxConnections = CONNECTIONS_MAX;
  // A reader that takes nothing more.
  server.setTimeout(PATIENCE_MS);
  try {
    await once(server.listen(listen.port, listen.host), 'listening');
  } catch (error) {
    throw listenError(listen, error as NodeJS.ErrnoException);
  }
  const { address, port } = server.address() as AddressInfo;
  const isOpen = !isLoopback(address);
  return {
    at: { host: listen.host, port },
    isOpen,
    serve(text) {
      metrics = Buffer.from(text);
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };

  function answerTo({ method, url, headers }: IncomingMessage): Answer {
    if (method !== 'GET' && method !== 'HEAD') {
      return { status: 405, text: 'GET and HEAD alone.\n', headers: { allow: 'GET, HEAD' } };
    }
    if (!isOpen && !isForThisMachine(headers.host, listen)) {
      return { status: 421, text: NAMES_ALLOWED };
    }
    switch (url?.split('?', 1)[0]) {
      case '/metrics':
        return metrics === null ? NOT_YET : { status: 200, text: metrics, headers: { 'content-type': METRICS } };
      case '/-/healthy':
        return { status: 200, text: 'crawlwatch is running.\n' };
      case '/':
        return { status: 200, text: HELP };
      default:
        return { status: 404, text: 'There are /metrics, /-/healthy and /.\n' };
    }
  }
}

/** Node leaves out the text itself for HEAD. */
function reply(response: ServerResponse, { status, text, headers = {} }: Answer): void {
  response
    .writeHead(status, {
      'content-type': TEXT,
      'content-length': Buffer.byteLength(text),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      connection: 'close',
      ...headers,
    })
    .end(text);
}

/** DNS rebinding: a foreign page whose name resolves to this machine sends its own name as the host. */
function isForThisMachine(host: string | undefined, listen: Listen): boolean {
  // Only HTTP/1.0 can lack it, and no browser sends that.
  if (host === undefined) return true;
  const name = host.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1');
  return isIP(name) !== 0 || /^(?:.+\.)?localhost\.?$/i.test(name) || name.toLowerCase() === listen.host.toLowerCase();
}
