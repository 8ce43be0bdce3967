import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Sshd, sshdMissing, startSshd } from '../../sandbox/sshd.ts';
import { type Moto, startMoto, whyNoMoto } from '../support/moto.ts';
import { type Account, accountAt, type Fleet, type Message } from './account.ts';
import { handlerFile, invoke, node24 } from './node24.ts';

const missing = whyNoMoto() ?? sshdMissing;
if (missing !== null) process.stderr.write(`\nSKIPPED, nothing was deployed: ${missing}\n\n`);

/** This machine answers for every host, whatever its own memory and disks are like. */
const NEVER_LOW = {
  memory: { warningPercent: 0, clearPercent: 0, criticalPercent: 0, criticalClearPercent: 0, exhaustedPercent: 0 },
  disk: { warningPercent: 0, criticalPercent: 0 },
  inodes: { warningPercent: 0, criticalPercent: 0 },
  pressure: { fullAvg10: 100 },
};

interface Outputs {
  readonly AlertsTopicArn: string;
  readonly CheckFunctionName: string;
  readonly WidgetFunctionName: string;
  readonly RemedyFunctionName: string;
  readonly RemedyFunctionArn: string;
  readonly LogGroupName: string;
  readonly StateBucketName: string;
  readonly DashboardUrl: string;
}

// Needs moto_server; where it is missing, the reason is printed.
describe.runIf(missing === null)('a deployed stack', () => {
  let work: string;
  let assembly: string;
  let moto: Moto;
  let healthy: Sshd;
  let failing: Sshd;
  let resetting: Server;
  let account: Account;
  let fleet: Fleet;
  let outputs: Outputs;
  let newMessages: () => Promise<Message[]>;
  let node: string;

  async function cdk(...args: string[]): Promise<string> {
    const child = spawn('npx', ['cdk', ...args, '--ci', '--output', assembly], {
      env: { ...process.env, ...moto.env, CRAWLWATCH_SETTINGS: '' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
    const [status] = await once(child, 'close');
    if (status !== 0) throw new Error(`cdk ${args.join(' ')} ended with ${status}:\n${output}`);
    return output;
  }

  /** Straight to the stack: the pretend CloudFormation can't update by a change set. */
  async function deploy(settings: object): Promise<Outputs> {
    const file = join(work, 'outputs.json');
    const context = ['-c', 'alertEmail=you@example.com', '-c', `crawlwatch=${JSON.stringify(settings)}`];
    await cdk('deploy', '--method=direct', '--require-approval=never', '--outputs-file', file, ...context);
    return JSON.parse(readFileSync(file, 'utf8')).CrawlwatchStack;
  }

  /** Where in the assembly the code lies of the function whose logical id begins so. */
  function assetOf(idBegins: string): string {
    const { Resources } = JSON.parse(readFileSync(join(assembly, 'CrawlwatchStack.template.json'), 'utf8'));
    const functions = Object.keys(Resources).filter((id) => Resources[id].Type === 'AWS::Lambda::Function');
    return Resources[functions.find((id) => id.startsWith(idBegins))!].Metadata['aws:asset:path'];
  }

  /** One run of a deployed function: its bundle from the assembly, its environment as it was deployed. */
  async function run(idBegins: string, functionName: string, event: unknown, alias = '') {
    const invokedFunctionArn = `arn:aws:lambda:us-east-1:123456789012:function:${functionName}${alias}`;
    const { Handler, Timeout, Environment } = await account.functionNamed(functionName);
    const [file = '', handler = ''] = Handler.split('.');
    const bundle = handlerFile(join(assembly, assetOf(idBegins)), file ?? '');
    const env = { ...Environment.Variables, ...moto.functionEnv };
    const { result, error, log } = await invoke(
      node,
      { bundle, handler, event, timeoutMs: Timeout * 1000, minutesAhead, invokedFunctionArn },
      env,
    );
    if (error !== undefined) throw new Error([error, ...log].join('\n'));
    return result;
  }

  /** The clock of the functions, put forward so that five minutes lie between checks. */
  let minutesAhead = 1;
  const check = (lateMinutes = 0) => {
    const scheduledTime = new Date(Date.now() + (minutesAhead - lateMinutes) * 60_000).toISOString();
    return run('Check', outputs.CheckFunctionName, { scheduledTime });
  };
  const nextCheck = () => {
    minutesAhead += 5;
    return check();
  };
  const reboot = (name: string, more: object = {}) =>
    run('Remedy', outputs.RemedyFunctionName, { action: 'reboot', instanceId: idOf(name), requester: 'test', ...more });

  const idOf = (name: string): string => fleet.ids.get(name)!;

  beforeAll(async () => {
    work = mkdtempSync(join(tmpdir(), 'crawlwatch-deploy-'));
    assembly = join(work, 'cdk.out');
    node = node24();
    moto = await startMoto();
    account = accountAt(moto.endpoint);
    healthy = await startSshd({ addresses: ['127.0.1.11', '127.0.1.13'] });
    failing = await startSshd({
      addresses: ['127.0.1.12'],
      config: [`AuthorizedKeysFile ${healthy.privateKeyPath}.pub`],
    });
    fleet = await account.launch([
      { name: 'ficrawler1', address: '127.0.1.11', sshPort: healthy.port },
      { name: 'ficrawler2', address: '127.0.1.12', sshPort: failing.port },
      { name: 'ficrawler3', address: '127.0.1.13', sshPort: healthy.port },
    ]);
    const keySecretArn = await account.keep('crawler-key', healthy.privateKey);
    await cdk('bootstrap', 'aws://123456789012/us-east-1');
    outputs = await deploy({
      ...NEVER_LOW,
      transport: 'ssh',
      ssh: { user: healthy.user, keySecretArn },
      vpc: { id: fleet.vpcId, subnetIds: [fleet.subnetId] },
      flag: { afterMinutes: 0, graceMinutes: 0 },
    });
    newMessages = await account.listen(outputs.AlertsTopicArn);
  });

  afterAll(async () => {
    resetting?.close();
    await Promise.all([healthy?.close(), failing?.close(), moto?.stop()]);
    rmSync(work, { recursive: true });
  });

  it('puts out what --stack needs to find it', async () => {
    expect(outputs).toEqual({
      AlertsTopicArn: expect.stringMatching(/^arn:aws:sns:us-east-1:123456789012:CrawlwatchStack-Alerts/),
      CheckFunctionName: expect.stringMatching(/^CrawlwatchStack-Check/),
      WidgetFunctionName: expect.stringMatching(/^CrawlwatchStack-Widget/),
      RemedyFunctionName: expect.stringMatching(/^CrawlwatchStack-Remedy/),
      RemedyFunctionArn: expect.stringMatching(
        /^arn:aws:lambda:us-east-1:123456789012:function:CrawlwatchStack-Remedy/,
      ),
      LogGroupName: expect.stringMatching(/^CrawlwatchStack-CheckLogs/),
      StateBucketName: expect.stringMatching(/^crawlwatchstack-storefiles/),
      RemoveCommand: 'crawlwatch deploy --destroy && crawlwatch forget',
      SubscribeCommand: expect.stringMatching(
        /^aws sns subscribe --region us-east-1 --topic-arn arn:aws:sns:us-east-1:123456789012:\S+ --protocol email --notification-endpoint you@example\.com$/,
      ),
      DashboardUrl: expect.stringMatching(/#dashboards\/dashboard\/CrawlwatchStack-us-east-1$/),
    });
    expect(await account.functionNamed(outputs.CheckFunctionName)).toMatchObject({ Runtime: 'nodejs24.x' });
  });

  it('drops an event that an outage has kept for more than ten minutes', async () => {
    expect(await check(11)).toBeNull();
    expect(await account.metrics()).toEqual([]);
  });

  it('probes its instances over SSH, and leaves its findings on them and in the metrics', async () => {
    expect(await check()).toMatchObject({ checked: 3, ok: 3, warning: 0, critical: 0, unknown: 0, flagged: 0 });
    for (const [name, id] of fleet.ids) {
      const tags = await account.tagsOf(id);
      expect(tags).toMatchObject({ Name: name, 'crawlwatch:stack': 'CrawlwatchStack' });
      // What is well, and was never anything else, takes no status.
      expect(tags).not.toHaveProperty('crawlwatch:status');
    }
    expect(await account.filesIn(outputs.StateBucketName)).toEqual(['samples', 'state.json.gz']);
    const perInstance = ['DiskSpaceUtilization', 'MemoryUtilization', 'ProbeSuccess'];
    const expected = perInstance.flatMap((metric) => [...fleet.ids.values()].map((id) => `${metric} ${id}`));
    expect(await account.metrics()).toEqual(
      [
        ...expected,
        ...['CheckDuration', 'FlaggingSuppressed', 'InstancesChecked', 'InstancesCritical'],
        ...['InstancesDiskLow', 'InstancesFlagged', 'InstancesMemoryLow', 'InstancesUnreachable'],
      ].toSorted(),
    );
    expect(await account.values('ProbeSuccess', { InstanceId: idOf('ficrawler1'), Name: 'ficrawler1' })).toEqual([1]);
    expect(await account.values('InstancesChecked', { Stack: 'CrawlwatchStack' })).toEqual([3]);
    expect(await newMessages()).toEqual([]);
  });

  it('mails the instance that resets its second login in a row, and flags it at the third with one mail more', async () => {
    await failing.close();
    resetting = createServer((socket) => socket.resetAndDestroy()).listen(failing.port, '127.0.1.12');
    await once(resetting, 'listening');
    const id = idOf('ficrawler2');

    expect(await nextCheck()).toMatchObject({ ok: 2, critical: 1, flagged: 0 });
    expect(await newMessages()).toEqual([]);
    expect(await nextCheck()).toMatchObject({ ok: 2, critical: 1, flagged: 0 });
    const { 'crawlwatch:status': status } = await account.tagsOf(id);
    expect(status).toMatch(/^CRITICAL:ConnectionReset/);
    const [first, ...others] = await newMessages();
    expect(others).toEqual([]);
    expect(first?.subject).toBe('CRIT ficrawler2 SSH resets');

    expect(await nextCheck()).toMatchObject({ ok: 2, critical: 1, flagged: 1 });
    expect(await account.tagsOf(id)).toMatchObject({
      'crawlwatch:reboot-flag': expect.stringMatching(/^ConnectionReset@\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    });
    expect(await account.tagsOf(idOf('ficrawler1'))).not.toHaveProperty('crawlwatch:reboot-flag');

    const [mail, ...more] = await newMessages();
    expect(more).toEqual([]);
    expect(mail?.subject).toMatch(/^[ -~]{1,99}$/);
    expect(mail?.body).toContain(`ficrawler2 (${id})`);
    expect(mail?.body).toContain('ConnectionReset');
    expect(mail?.attributes.status?.Value).toBe('CRITICAL');
    expect(await account.values('ProbeSuccess', { InstanceId: id, Name: 'ficrawler2' })).toEqual([0]);
  });

  it('draws the fleet worst first, with a button to the remedy function on the flagged instance alone', async () => {
    const widget = (event: object) => run('Widget', outputs.WidgetFunctionName, event);
    expect(await widget({ describe: true })).toMatch(/^## /);
    const page = String(await widget({ widgetContext: { theme: 'dark' } }));
    expect(page.indexOf('ficrawler2')).toBeLessThan(page.indexOf('ficrawler1'));
    const buttons = page.match(/<cwdb-action[^>]*endpoint="[^"]*Remedy[^"]*"[^>]*>[^<]*/g) ?? [];
    const calls = buttons.map((button) => JSON.parse(button.slice(button.lastIndexOf('>') + 1)));
    expect(calls.map(({ action, instanceId }) => [action, instanceId])).toEqual([
      ['pause', undefined],
      ['reboot', idOf('ficrawler2')],
      ['unflag', idOf('ficrawler2')],
    ]);
  });

  it('reboots the flagged instance when asked, that one only, and not twice', async () => {
    expect(await reboot('ficrawler1')).toMatchObject({ done: false, why: 'it carries no reboot flag' });
    expect(await reboot('ficrawler1', { widgetContext: {} })).toBe(
      `<p><b>${idOf('ficrawler1')} was not rebooted</b>: it carries no reboot flag.</p>`,
    );
    expect(await reboot('ficrawler2', { dryRun: true })).toMatchObject({
      done: false,
      why: expect.stringMatching(/^dry run: would reboot: it carries the flag ConnectionReset@/),
    });
    expect(await account.tagsOf(idOf('ficrawler2'))).not.toHaveProperty('crawlwatch:acted');
    expect(await reboot('ficrawler2')).toMatchObject({ done: true, instanceId: idOf('ficrawler2') });
    expect(await account.tagsOf(idOf('ficrawler2'))).toMatchObject({
      'crawlwatch:acted': expect.stringMatching(/^reboot@\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      'crawlwatch:reboot-flag': expect.stringMatching(/^ConnectionReset@/),
    });
    expect(await reboot('ficrawler2')).toMatchObject({
      done: false,
      why: expect.stringContaining('to prove itself'),
    });
  });

  it('takes no word of a person through the alias of the check', async () => {
    const ask = (event: object) => run('Remedy', outputs.RemedyFunctionName, event, ':automatic');
    await expect(ask({ action: 'pause', why: 'x', requester: 'eve' })).rejects.toThrow('through its alias automatic');
    expect(await ask({ action: 'auto' })).toMatchObject({ done: false, instanceId: null });
  });

  it('takes new settings by an update in place', async () => {
    const before = outputs;
    outputs = await deploy({ transport: 'ssm', schedule: { everyMinutes: 10 }, remedies: { restartWorker: true } });
    expect(outputs).toEqual(before);
    const { Environment } = await account.functionNamed(outputs.CheckFunctionName);
    expect(JSON.parse(Environment.Variables.CRAWLWATCH_SETTINGS!)).toMatchObject({
      alertEmail: 'you@example.com',
      transport: 'ssm',
      schedule: { everyMinutes: 10 },
    });
    expect(Environment.Variables.CRAWLWATCH_REMEDY_FUNCTION_ARN).toBe(`${outputs.RemedyFunctionArn}:automatic`);
  });

  it('is gone after a destroy, the bucket with all that was remembered too', async () => {
    const bucket = outputs.StateBucketName;
    // CloudFormation would run it on the destroy; the pretend one runs no function.
    const event = { RequestType: 'Delete', ResourceProperties: { BucketName: bucket } };
    const env = { ...moto.functionEnv, NODE_PATH: resolve('node_modules') };
    const bundle = join(assembly, assetOf('CustomS3AutoDeleteObjects'), 'index.js');
    const { error } = await invoke(node, { bundle, handler: 'autoDeleteHandler', event, timeoutMs: 60_000 }, env);
    expect(error).toBeUndefined();
    expect(await account.filesIn(bucket)).toEqual([]);
    await cdk('destroy', '--force');
    expect(await account.filesIn(bucket)).toBeNull();
    expect(await account.functionNamed(outputs.CheckFunctionName)).not.toHaveProperty('Runtime');
  });
});
