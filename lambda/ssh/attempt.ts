/** What one attempt at a host is given. */
import type { Duplex } from 'node:stream';
import type { Client } from 'ssh2';
import type { Reply } from '../model/index.ts';
import type { Where } from './failures.ts';
import type { Login } from './keys.ts';
import type { HostKeyCheck } from './known-hosts.ts';
import type { Limits } from './limits.ts';

export interface Attempt {
  /** IPv4, IPv6 or a name. */
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly login: Login;
  readonly hostKey: HostKeyCheck;
  /** The way there through a jump host; null: a socket of our own. */
  readonly via: Duplex | null;
  readonly limits: Limits;
  readonly signal: AbortSignal;
  /**
   * Null: the connection is for one use, within its limits. Else it stays open after the login for as long as it is
   * wanted, and is asked for a sign of life every so many milliseconds.
   */
  readonly keepaliveMs: number | null;
  /** What the login is for; `done` ends it, unless the connection ends first. */
  use(client: Client, where: Where, banner: string, done: (reply: Reply) => void): Use;
}

/** What goes on in a connection that let us in. */
export interface Use {
  /** What the host has printed by now. */
  output(): string;
}
