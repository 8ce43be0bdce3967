/** What the README's reader has: a clone, a home, hosts to log in to, an AWS account, and later an emulator. */
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { CloudFormationClient, DescribeStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import { CreateTagsCommand, DeleteTagsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { S3Client } from '@aws-sdk/client-s3';
import { packedFiles } from '../../lambda/kit/index.ts';
import { changeInstance } from '../../lambda/memory/index.ts';
import { type Sshd, sshdMissing, startSshd } from '../../sandbox/sshd.ts';
import { type LambdaEndpoint, startLambdaEndpoint } from '../support/lambda-endpoint.ts';
import { EMULATED, freePort, type Moto, startMoto } from '../support/moto.ts';
import { cloneTree, endAll, plainEnvironment } from '../support/readme-commands.ts';
import { type Account, accountAt, type Fleet } from './account.ts';
import { handlerFile, invoke, node24 } from './node24.ts';

/** In the README's commands. */
const PORT = 5000;
/** This machine answers for every host, whatever its own memory and disks are like. One hung check is enough. */
const SETTINGS = {
  memory: { warningPercent: 0, clearPercent: 0, criticalPercent: 0, criticalClearPercent: 0, exhaustedPercent: 0 },
  disk: { warningPercent: 0, criticalPercent: 0 },
  inodes: { warningPercent: 0, criticalPercent: 0 },
  pressure: { fullAvg10: 100 },
  flag: { afterFailures: 1, afterMinutes: 0, graceMinutes: 0 },
};
const STACK = 'CrawlwatchStack';
const TEST_KEYS = { region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
/** Its port is in the README; two runs at once on one machine must not meet there. */
const WEB2 = `127.1.${process.pid % 256}.22`;

/** Why no host can be logged in to here as the README's user; null where one can. */
export function whyNoHosts(): string | null {
  if (sshdMissing !== null) return sshdMissing;
  const { status } = spawnSync('unshare', ['--mount', 'true'], { stdio: 'ignore' });
  return status === 0 ? null : 'it takes root to give sshd a user ubuntu of its own (unshare --mount)';
}

export class ReadmeWorld {
  readonly #work = mkdtempSync(join(tmpdir(), 'crawlwatch-readme-'));
  readonly home = join(this.#work, 'home');
  readonly clone = join(this.#work, 'crawlwatch');
  /** Of the commands: what one exports the next ones have. */
  env: Record<string, string>;
  /** The emulator of the README's own commands. */
  port = PORT;
  #own: Moto | undefined;
  #sshd: Sshd | undefined;
  #door: Server | undefined;
  #lambda: LambdaEndpoint | undefined;
  #fleet: Fleet | undefined;
  /** Whether the first instance resets every connection. */
  hung = false;

  /** How far the clock of the functions is ahead. */
  minutesAhead = 0;
  /** What cdk.json has. */
  #settled: object = SETTINGS;

  constructor(root: string) {
    mkdirSync(this.home);
    const env = plainEnvironment(this.home);
    const prefix = join(this.home, 'npm');
    // Where `npm i -g` may write, without changing this machine.
    this.env = { ...env, npm_config_prefix: prefix, PATH: [join(prefix, 'bin'), env.PATH].join(delimiter) };
    cloneTree(root, this.clone);
  }

  /** Of the instance that is acted on. */
  get id(): string {
    return this.#of(this.#fleet).ids.get('ficrawler1')!;
  }

  get vpcId(): string {
    return this.#of(this.#fleet).vpcId;
  }

  /** What the account's own emulator adds to the environment. */
  get ownAccount(): Readonly<Record<string, string>> {
    return this.#own?.env ?? {};
  }

  get own(): Account {
    return accountAt(this.#of(this.#own).endpoint);
  }

  get emulator(): Account {
    return accountAt(this.#emulatorUrl);
  }

  get #emulatorUrl(): string {
    return `http://localhost:${this.port}`;
  }

  #of<T>(thing: T | undefined): T {
    if (thing === undefined) throw new Error('it has not been prepared');
    return thing;
  }

  /** Hosts called web1 and web2, an inventory of both, and the door to the first instance. */
  async openHosts(): Promise<void> {
    const passwd = join(this.#work, 'passwd');
    const others = readFileSync('/etc/passwd', 'utf8').replace(/^ubuntu:.*\n/m, '');
    writeFileSync(passwd, `${others}ubuntu:x:65534:65534::/:/bin/sh\n`);
    const sshd = await startSshd({
      config: [`ListenAddress ${WEB2}:2222`],
      addresses: ['127.0.1.21', '127.0.1.12'],
      under: ['unshare', '--mount', 'sh', '-c', `mount --bind ${passwd} /etc/passwd && exec "$@"`, 'sh'],
    });
    this.#sshd = sshd;
    this.#door = createServer((socket) => {
      // Once it has been heard: a reset at once may look like one before the connection.
      if (this.hung) return socket.on('error', () => {}).once('data', () => socket.resetAndDestroy());
      const inside = connect(sshd.port, '127.0.1.12');
      for (const end of [socket, inside]) end.on('error', () => [socket, inside].map((one) => one.destroy()));
      return socket.pipe(inside).pipe(socket);
    }).listen(sshd.port, '127.0.1.11');
    await once(this.#door, 'listening');

    const ssh = join(this.home, '.ssh');
    mkdirSync(ssh, { mode: 0o700 });
    copyFileSync(sshd.privateKeyPath, join(ssh, 'id_ed25519'));
    const [type = '', key = ''] = (sshd.hostKeys.ed25519 ?? '').split(' ');
    const names = ['127.0.1.21', '127.0.1.11', '127.0.1.12'].map((address) => `[${address}]:${sshd.port}`);
    writeFileSync(join(ssh, 'known_hosts'), `${[...names, `[${WEB2}]:2222`].join(',')} ${type} ${key}\n`);
    const host = (name: string, address: string, port: number) =>
      `Host ${name}\n  HostName ${address}\n  Port ${port}\n`;
    writeFileSync(join(ssh, 'config'), host('web1', '127.0.1.21', sshd.port) + host('web2', WEB2, 2222));
    mkdirSync(join(this.clone, 'inventories'));
    writeFileSync(join(this.clone, 'inventories', 'production2'), '[crawlers]\nweb[1:2]\n');
  }

  /** An account with two tagged instances, before anything is deployed. */
  async openOwnAccount(): Promise<void> {
    this.#own = await startMoto();
    await this.#fill(this.own);
  }

  /** An account for all that follows, with two instances of which one is tagged. */
  async openAccount(): Promise<void> {
    this.#own = await startMoto();
    this.port = Number(new URL(this.#own.endpoint).port);
    this.env = { ...this.env, ...this.#own.env };
    await this.fillEmulator();
  }

  async chooseEmulatorPort(): Promise<void> {
    const probe = createServer().listen(PORT, '127.0.0.1');
    const isFree = await once(probe, 'listening').then(
      () => true,
      () => false,
    );
    probe.close();
    if (!isFree) this.port = await freePort();
  }

  /** The same instances in the emulator; the first of them is still to be tagged. */
  async fillEmulator(settings: object = {}): Promise<void> {
    await this.#fill(this.emulator, settings);
    await this.untag('crawlwatch');
  }

  async #fill(account: Account, more: object = {}): Promise<void> {
    const { port: sshPort, privateKey } = this.#of(this.#sshd);
    this.#fleet = await account.launch([
      { name: 'ficrawler1', address: '127.0.1.11', sshPort },
      { name: 'ficrawler2', address: '127.0.1.12', sshPort },
    ]);
    const { vpcId, subnetId } = this.#fleet;
    const keySecretArn = await account.keep('crawler-key', privateKey);
    this.settle({ transport: 'ssh', ssh: { keySecretArn }, vpc: { id: vpcId, subnetIds: [subnetId] }, ...more });
  }

  /** Writes the settings into the clone's cdk.json, as the README has it. */
  settle(settings: object = {}): void {
    const file = join(this.clone, 'cdk.json');
    const manifest = JSON.parse(readFileSync(file, 'utf8'));
    this.#settled = { ...this.#settled, ...settings };
    manifest.context.crawlwatch = this.#settled;
    writeFileSync(file, JSON.stringify(manifest));
  }

  get #ec2(): EC2Client {
    return new EC2Client({ ...TEST_KEYS, endpoint: this.#emulatorUrl });
  }

  async tag(key: string, value: string): Promise<void> {
    await this.#ec2.send(new CreateTagsCommand({ Resources: [this.id], Tags: [{ Key: key, Value: value }] }));
  }

  async untag(key: string): Promise<void> {
    await this.#ec2.send(new DeleteTagsCommand({ Resources: [this.id], Tags: [{ Key: key }] }));
  }

  /** At an address, where the SDK puts the bucket into the path. */
  get #s3Url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Has the checks remember another boot of the instance: this machine doesn't really start again. */
  async rememberOtherBoot(): Promise<void> {
    const all = await this.#resources(this.#emulatorUrl);
    const bucket = this.#of(all.find(({ type }) => type === 'AWS::S3::Bucket')).physical;
    const files = packedFiles(new S3Client({ ...TEST_KEYS, endpoint: this.#s3Url, forcePathStyle: true }), bucket);
    await changeInstance(files, this.id, (one) => ({ ...one, seen: { boot: '0badb007', oomKills: 0 } }));
  }

  /** The ARN of the stack's topic in the emulator. */
  emulatorTopic(): Promise<string> {
    return this.#topicAt(this.#emulatorUrl);
  }

  /** The ARN of the stack's topic in the own account. */
  ownTopic(): Promise<string> {
    return this.#topicAt(this.#of(this.#own).endpoint);
  }

  /** Has the code of the functions be another, as after `git pull && npm ci`. */
  upgrade(): void {
    const file = join(this.clone, 'lambda', 'kit', 'clients', 'config.ts');
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replace("customUserAgent: 'crawlwatch'", "customUserAgent: 'crawlwatch/2'"),
    );
    // What `npm ci` does after it.
    execFileSync('npm', ['run', '--silent', 'build'], { cwd: this.clone, env: this.env });
  }

  /** The names and the code of the check function as it is deployed. */
  async checkFunction(): Promise<{ readonly name: string; readonly code: string }> {
    const name = await this.#checkName();
    const { CodeSha256 } = (await this.emulator.functionNamed(name)) as unknown as { readonly CodeSha256: string };
    return { name, code: CodeSha256 };
  }

  /** What CloudFormation does on a destroy, before it deletes the bucket: the emulator runs no function. */
  async emptyBucket(): Promise<void> {
    const all = await this.#resources(this.#emulatorUrl);
    const bucket = this.#of(all.find(({ type }) => type === 'AWS::S3::Bucket')).physical;
    const assembly = join(this.clone, 'cdk.out');
    const { Resources } = JSON.parse(readFileSync(join(assembly, `${STACK}.template.json`), 'utf8'));
    const id = Object.keys(Resources).find(
      (one) => one.startsWith('CustomS3AutoDeleteObjects') && Resources[one].Type === 'AWS::Lambda::Function',
    );
    const asset = Resources[id ?? ''].Metadata['aws:asset:path'];
    const code = join(this.#work, 'empties-bucket');
    cpSync(join(assembly, asset), code, { recursive: true });
    const { error } = await invoke(
      node24(),
      {
        ...{ bundle: join(code, 'index.js'), handler: 'autoDeleteHandler', timeoutMs: 60_000 },
        event: { RequestType: 'Delete', ResourceProperties: { BucketName: bucket } },
      },
      {
        ...this.#functionEnv,
        NODE_PATH: join(import.meta.dirname, '..', '..', 'node_modules'),
      },
    );
    if (error !== undefined) throw new Error(error);
  }

  async #topicAt(endpoint: string): Promise<string> {
    const all = await this.#resources(endpoint);
    return this.#of(all.find(({ type }) => type === 'AWS::SNS::Topic')).physical;
  }

  async #resources(endpoint: string, stack = STACK) {
    const client = new CloudFormationClient({ ...TEST_KEYS, endpoint });
    const { StackResources = [] } = await client.send(new DescribeStackResourcesCommand({ StackName: stack }));
    return StackResources.map(({ LogicalResourceId = '', PhysicalResourceId = '', ResourceType = '' }) => ({
      ...{ logical: LogicalResourceId, physical: PhysicalResourceId, type: ResourceType },
    }));
  }

  /** The emulator keeps functions and runs none: from here on somebody does. */
  async openFunctions(): Promise<void> {
    const upstream = this.#emulatorUrl;
    this.#lambda = await startLambdaEndpoint({
      upstream,
      node: node24(),
      find: async (name) => {
        const { Handler, Timeout, Environment } = await this.emulator.functionNamed(name);
        // CloudFormation names a function after its stack.
        const [stack = STACK] = name.split('-');
        const found = (await this.#resources(upstream, stack)).find(({ physical }) => physical === name);
        if (Handler === undefined || found === undefined) return null;
        const assembly = join(this.clone, 'cdk.out');
        const { Resources } = JSON.parse(readFileSync(join(assembly, `${stack}.template.json`), 'utf8'));
        const [file = '', handler = ''] = Handler.split('.');
        // Away from the clone, whose package.json would make a module of it.
        const code = join(this.#work, found.logical);
        cpSync(join(assembly, Resources[found.logical].Metadata['aws:asset:path']), code, { recursive: true });
        return {
          bundle: handlerFile(code, file ?? ''),
          ...{ handler, timeoutMs: Timeout * 1000 },
          env: { ...Environment.Variables, ...this.#functionEnv },
          minutesAhead: this.minutesAhead,
        };
      },
    });
    this.env.AWS_ENDPOINT_URL_LAMBDA = this.#lambda.url;
  }

  /** One run of the deployed check, as the schedule starts it. */
  async check(): Promise<unknown> {
    return this.#of(this.#lambda).run(await this.#checkName(), {
      scheduledTime: new Date(Date.now() + this.minutesAhead * 60_000).toISOString(),
    });
  }

  /** The one after that, five minutes later. */
  nextCheck(): Promise<unknown> {
    this.minutesAhead += 5;
    return this.check();
  }

  async #checkName(): Promise<string> {
    const functions = (await this.#resources(this.#emulatorUrl)).filter(({ type }) => type === 'AWS::Lambda::Function');
    return this.#of(functions.find(({ logical }) => logical.startsWith('Check'))).physical;
  }

  /** What every function here gets beside its own environment. */
  get #functionEnv(): Readonly<Record<string, string>> {
    return { ...EMULATED, AWS_ENDPOINT_URL: this.#emulatorUrl, AWS_ENDPOINT_URL_S3: this.#s3Url };
  }

  async close(): Promise<void> {
    await endAll();
    await this.#lambda?.stop();
    await this.#own?.stop();
    this.#door?.close();
    await this.#sshd?.close();
    rmSync(this.#work, { recursive: true, force: true });
  }
}
