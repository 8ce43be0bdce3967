/** Where the exporter listens: `HOST:PORT`, and what there is to say about it. */
import { isIP, isIPv6 } from 'node:net';
import { UsageError } from '../terminal/index.ts';

export interface Listen {
  /** A name or an address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

const LOOPBACK = '127.0.0.1';
const ADDRESS = /^(?:\[(?<six>[^[\]]*)\]|(?<host>[^\s:[\]/@]*)):(?<port>\d{1,5})$/;
const NAME = /^[a-z\d](?:[a-z\d.-]{0,251}[a-z\d])?$/i;

/** @throws UsageError. Without a host only this machine can ask: to open it to others takes an address in full. */
export function parseListen(text: string): Listen {
  const { six, host = '', port = '' } = ADDRESS.exec(text)?.groups ?? {};
  const name = six ?? (host === '' ? LOOPBACK : host);
  const isHost = six === undefined ? isIP(name) === 4 || (NAME.test(name) && !/^[\d.]+$/.test(name)) : isIPv6(six);
  if (port !== '' && Number(port) <= 65_535 && isHost) return { host: name, port: Number(port) };
  throw new UsageError(
    `--listen: got ${JSON.stringify(text)}; allowed: HOST:PORT, [IPV6]:PORT, or :PORT for ${LOOPBACK}, with a port from 0 to 65535, 0 for any that is free`,
  );
}

/** As it stands in an address bar or a list of targets. */
export const addressText = ({ host, port }: Listen): string => `${isIPv6(host) ? `[${host}]` : host}:${port}`;

/** Whether only this machine reaches an address. */
export const isLoopback = (address: string): boolean =>
  /^(?:::ffff:)?127\./i.test(address) || address === '::1' || address === '0:0:0:0:0:0:0:1';

const isEverywhere = ({ host }: Listen): boolean => /^0\.0\.0\.0$|^[0:]*:[0:]*$/.test(host);

/** Where it listens, and what to put into prometheus.yml: one line of YAML. */
export function startText(at: Listen, machine: string): string {
  const target = addressText(isEverywhere(at) ? { ...at, host: machine } : at);
  const job = `scrape_configs: [{job_name: crawlwatch, static_configs: [{targets: ['${target}']}]}]`;
  return `metrics at http://${target}/metrics once the first check is done; for prometheus.yml: ${job}`;
}

/** What others than this machine can read, where they can. */
export const openText = (at: Listen): string =>
  `${addressText(at)} is not this machine alone: anyone who reaches it can read the names, disks and processes of all hosts; behind a firewall, or with :${at.port} for this machine alone, they can't`;

/** Why it could not listen, and what to do. */
export function listenError(at: Listen, error: NodeJS.ErrnoException): UsageError {
  const { code = error.message } = error;
  const why: Readonly<Record<string, string>> = {
    EADDRINUSE: 'the port is in use; choose another, or 0 for any that is free',
    EACCES: 'not allowed; choose a port above 1023',
    EADDRNOTAVAIL: 'no address of this machine; 0.0.0.0 is all of its IPv4 addresses, [::] all of them',
    ENOTFOUND: 'no such name; give an address of this machine',
  };
  return new UsageError(`--listen: can't listen on ${addressText(at)} (${code}): ${why[code] ?? 'choose another'}`, {
    cause: error,
  });
}
