/** OpenSSH's client on this machine: whether there is one, and which. */
import { execFile } from 'node:child_process';

/** A version as numbers that compare: 9.2 is 902. */
export interface OpensshClient {
  readonly version: number;
}

/** How long `ssh -V` may take: it reads nothing and connects to nothing. */
const PATIENCE_MS = 10_000;
/** The first version that knows ProxyJump and all options that are always given here. */
const OLDEST = 703;

/** Finds `ssh` by PATH. @returns null where there is none, or one that isn't OpenSSH 7.3 or later. */
export function findOpenssh(env: NodeJS.ProcessEnv): Promise<OpensshClient | null> {
  return new Promise((resolve) => {
    execFile('ssh', ['-V'], { env, timeout: PATIENCE_MS, killSignal: 'SIGKILL' }, (error, stdout, stderr) => {
      const version = error === null ? versionOf(`${stdout}${stderr}`) : null;
      resolve(version === null || version < OLDEST ? null : { version });
    });
  });
}

/** From `OpenSSH_9.2p1 Debian-2+deb12u10, OpenSSL 3.0.19`; null where it is another program. */
export function versionOf(printed: string): number | null {
  const [, major, minor] = /\bOpenSSH(?:_for_Windows)?_(\d+)\.(\d+)/.exec(printed) ?? [];
  return major === undefined || minor === undefined ? null : Number(major) * 100 + Number(minor);
}
