// Runs the deployed check function once, as the schedule would: an emulator of AWS keeps functions and runs none.
//
//     node check.mjs [MINUTES]    with a clock that is so many minutes ahead: the check that is due then
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const endpoint = process.env.AWS_ENDPOINT_URL;
if (endpoint === undefined) {
  process.stderr.write('Set AWS_ENDPOINT_URL to the emulator. In an account the schedule runs the check.\n');
  process.exit(3);
}

const aws = (...words) => JSON.parse(execFileSync('aws', [...words, '--output', 'json'], { encoding: 'utf8' }));
const { Stacks } = aws('cloudformation', 'describe-stacks', '--stack-name', 'CrawlwatchStack');
const name = Stacks[0].Outputs.find(({ OutputKey }) => OutputKey === 'CheckFunctionName').OutputValue;
const { Environment, Timeout } = aws('lambda', 'get-function-configuration', '--function-name', name);

Object.assign(process.env, Environment.Variables, {
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  // At an address the SDK names the bucket in the path: no name resolves to BUCKET.localhost.
  AWS_ENDPOINT_URL_S3: endpoint.replace('//localhost', '//127.0.0.1'),
});

// CommonJS, as Lambda loads it; in the package's own folder Node.js would take it for an ES module.
const folder = mkdtempSync(join(tmpdir(), 'crawlwatch-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const code = join(folder, 'index.cjs');
copyFileSync(fileURLToPath(new URL('../../dist/functions/check/index.js', import.meta.url)), code);

const ahead = Number(process.argv[2] ?? 0) * 60_000;
const Real = Date;
const now = () => Real.now() + ahead;
globalThis.Date = class extends Real {
  constructor(...given) {
    super(...(given.length === 0 ? [now()] : given));
  }
  static now = now;
};

// Lambda would put what the function prints into its log.
const print = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write = () => true;
const until = Date.now() + Timeout * 1000;
const context = { getRemainingTimeInMillis: () => until - Date.now() };
const summary = await createRequire(import.meta.url)(code).handler({}, context);
print(`${JSON.stringify(summary)}\n`, () => process.exit());
