/** What a source of hosts is, and the flags that choose it. */
import type { Ports } from '../../lambda/check/index.ts';
import type { SshFlags } from './ssh-access.ts';
import type { RouteFlags } from './ssh-route.ts';

export interface Source extends Pick<Ports, 'source' | 'transports' | 'discover' | 'history' | 'state'> {
  /** The message for a check of no host, of which `skipped` were found and left out. */
  nothingFound(skipped: number): string;
}

export interface SourceFlags extends SshFlags, RouteFlags {
  readonly local?: boolean;
  readonly host?: readonly string[];
  readonly inventory?: readonly string[];
  readonly limit?: string;
  readonly from?: string;
  readonly aws?: boolean;
  /** The deployed stack whose probe and past are used. @default CrawlwatchStack */
  readonly stack?: string;
  readonly worker?: string;
  readonly listHosts?: boolean;
  /** Says of each host which way it goes, and why. */
  readonly verbose?: boolean;
}
