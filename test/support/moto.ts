/** A pretend AWS over HTTP: `moto_server`, where it is installed (https://docs.getmoto.org). */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const READY_WITHIN_MS = 60_000;

export interface Moto {
  /** `http://localhost:PORT`: the CDK CLI doesn't take 127.0.0.1 for a place where a template may lie. */
  readonly endpoint: string;
  /** Environment in which every AWS SDK, and the CDK CLI, talks to it alone. */
  readonly env: Readonly<Record<string, string>>;
  /** The same for a deployed function: S3 at an address, where the SDK puts the bucket into the path. */
  readonly functionEnv: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Environment of a program that has nothing to do with any account. */
export const EMULATED = {
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_REGION: 'us-east-1',
  AWS_DEFAULT_REGION: 'us-east-1',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
};

/** Why no moto_server can be started here; null where it can. */
export function whyNoMoto(): string | null {
  const { error, status } = spawnSync('moto_server', ['--help'], { stdio: 'ignore' });
  if (status === 0) return null;
  return `moto_server can't be run (${error?.message ?? `exit ${status}`}); pip install 'moto[server]'`;
}

export async function freePort(host = '127.0.0.1'): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error(`no port on ${host}`);
  return address.port;
}

/** Starts one on a free port. Its only account is 123456789012. */
export async function startMoto(): Promise<Moto> {
  const port = await freePort();
  const endpoint = `http://localhost:${port}`;
  const child = spawn('moto_server', ['-p', String(port)], { stdio: 'ignore' });
  await answers(`${endpoint}/moto-api/`, child);
  const env = { ...EMULATED, AWS_ENDPOINT_URL: endpoint };
  return {
    endpoint,
    env,
    functionEnv: { ...env, AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}` },
    stop: async () => {
      if (child.exitCode !== null) return;
      child.kill();
      await once(child, 'exit');
    },
  };
}

async function answers(url: string, child: ChildProcess): Promise<void> {
  const until = Date.now() + READY_WITHIN_MS;
  while (Date.now() < until && child.exitCode === null) {
    const response = await fetch(url).catch(() => null);
    if (response?.ok) return;
    await sleep(200);
  }
  child.kill();
  throw new Error(`moto_server did not answer at ${url}`);
}
