/** Runs the AWS CDK for those who have no CDK app: npx fetches it, and the app is the package's own. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import manifest from '../../package.json' with { type: 'json' };
import { UsageError } from '../terminal/index.ts';

/** The CDK's command line and library, in versions that crawlwatch is tested with. */
const PACKAGES = {
  'aws-cdk': manifest.devDependencies['aws-cdk'],
  'aws-cdk-lib': manifest.peerDependencies['aws-cdk-lib'],
  constructs: manifest.peerDependencies.constructs,
};

/** Finds the library that npx has put beside the CDK's command line, and runs both. */
const RUN = `
const { delimiter, dirname, join } = require('node:path');
const { existsSync } = require('node:fs');
const bin = process.env.PATH.split(delimiter).find((folder) => existsSync(join(folder, 'cdk')) && existsSync(join(folder, '..', 'aws-cdk-lib')));
if (bin === undefined) { console.error('crawlwatch: npx fetched no aws-cdk-lib'); process.exit(3); }
const { status } = require('node:child_process').spawnSync(join(bin, 'cdk'), process.argv.slice(1), { stdio: 'inherit', env: { ...process.env, NODE_PATH: dirname(bin) } });
process.exit(status ?? 3);`;

/** Beside the built command line, whatever chunk of it this is in. */
export function appPath(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const found = [here, dirname(here)].map((folder) => join(folder, 'app.cjs')).find(existsSync);
  if (found === undefined) throw new UsageError('the CDK app is not built: run npm run build');
  return found;
}

/** The folder that holds a CDK of the project's own, here or further up; null where there is none. */
function ownCdk(cwd: string): string | null {
  const folder = join(cwd, 'node_modules');
  if (existsSync(join(folder, '.bin', 'cdk')) && existsSync(join(folder, 'aws-cdk-lib'))) return folder;
  return dirname(cwd) === cwd ? null : ownCdk(dirname(cwd));
}

export interface CdkCall {
  readonly command: string;
  readonly args: readonly string[];
  /** Where the app finds the CDK's library: crawlwatch itself may be installed elsewhere, and has none. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * @param words what the CDK is to do: `deploy`, and its own flags
 * @param cwd where `cdk.json` is looked for, and a CDK of the project's own
 */
export function cdkCall(words: readonly string[], cwd: string): CdkCall {
  // The CDK takes quotes off that are around the whole.
  const cdk = [...words, '--app', `node "${appPath()}"`];
  const own = ownCdk(cwd);
  if (own !== null) return { command: 'npx', args: ['--no-install', 'cdk', ...cdk], env: { NODE_PATH: own } };
  const packages = Object.entries(PACKAGES).flatMap(([name, version]) => ['--package', `${name}@${version}`]);
  return { command: 'npx', args: ['--yes', ...packages, '--', 'node', '-e', RUN, ...cdk], env: {} };
}

/** Warnings about versions of Node.js and news of npm's own, which nobody here can act on. */
const QUIET = {
  npm_config_update_notifier: 'false',
  JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION: '1',
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
};

/** @returns the CDK's exit code. @throws UsageError where npx can't be started */
export async function runCdk({ command, args, env: own }: CdkCall, env: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn(command, args, {
    stdio: 'inherit',
    env: { ...QUIET, ...env, ...own },
  });
  return new Promise((resolve, reject) => {
    child.once('error', () =>
      reject(new UsageError('npx could not be started: it comes with Node.js, and must be on the PATH')),
    );
    child.once('close', (code) => resolve(code ?? 3));
  });
}
