/** The real check of the machine, by the machine's own clock: seconds count as seconds. */
import { checkFleet } from '../../lambda/check/pipeline.ts';
import { packedFiles } from '../../lambda/kit/index.ts';
import { fleetSamples } from '../../lambda/memory/samples/figures.ts';
import type { InstanceReport, ProbeTransport, ReasonCode } from '../../lambda/model/index.ts';
import { TAG } from '../../lambda/model/index.ts';
import { RESTART_SCRIPTS, readRestart } from '../../lambda/remedy/restart/restart.ts';
import { parseSettings } from '../../lambda/settings/settings.ts';
import { sshTransport } from '../../lambda/ssh/transport.ts';
import { awsOutlets, awsPorts } from '../../lambda/wiring/check.ts';
import { SandboxAws } from '../../sandbox/aws.ts';
import { probeAll, sshInstance } from '../support/probe-run.ts';
import type { Machine } from './machine.ts';

export const UNIT = 'crawler.service';

/** All defaults, the 15 seconds for a host among them: idle, the emulated machine takes one. */
const SETTINGS = parseSettings({ transport: 'ssh' });

export interface Checked extends InstanceReport {
  /** Seconds from `begin` to the beginning of the check; negative before. */
  readonly second: number;
  readonly codes: readonly ReasonCode[];
  /** Percent of memory; null where the machine was not read. */
  readonly available: number | null;
  /** What the machine sent. */
  readonly raw: string;
}

export type Watch = ReturnType<typeof watchMachine>;

/** A pretend AWS that knows the machine as its one instance, and remembers between checks. */
export function watchMachine(machine: Machine) {
  const clock = { now: () => new Date() };
  const aws = new SandboxAws(clock);
  aws.launch('i-00000000000000001', {
    privateIp: '127.0.0.1',
    launchedAt: new Date(Date.now() - 30 * 24 * 3_600_000),
    tags: {
      Name: 'crawler1',
      [SETTINGS.tag.key]: SETTINGS.tag.value,
      [TAG.ssh]: `user=root;port=${machine.port}`,
      [TAG.worker]: UNIT,
    },
  });
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const clients = {
    settings: SETTINGS,
    region: aws.region,
    clock,
    log,
    ec2: aws.ec2,
    ssm: aws.ssm,
    cloudWatch: aws.cloudwatch,
    samples: fleetSamples({ s3: aws.s3, bucket: aws.bucket.name, clock, log }),
    files: packedFiles(aws.s3, aws.bucket.name),
    probeDocument: null,
    privateKey: async () => machine.privateKey,
  };
  const checks: Checked[] = [];
  let zero = Date.now();

  async function check(): Promise<Checked> {
    const began = Date.now();
    const ports = { ...awsPorts(clients), outlets: awsOutlets(clients, aws.sns, aws.topic.arn) };
    let raw = '';
    const ssh: ProbeTransport = async (instances, run) =>
      ports.transports.ssh?.(instances, {
        ...run,
        reply(id, reply, durationMs) {
          raw = reply.output ?? '';
          run.reply(id, reply, durationMs);
        },
      });
    const { report, errors } = await checkFleet(SETTINGS, { ...ports, transports: { ssh } }, { deadlineMs: 60_000 });
    const [instance] = report.instances;
    if (errors.length > 0 || instance === undefined) throw new Error(`the check went wrong: ${errors.join('; ')}`);
    const memory = instance.vitals?.memory;
    const checked: Checked = {
      ...instance,
      second: Math.round((began - zero) / 1000),
      codes: instance.reasons.map(({ code }) => code),
      available: memory === undefined ? null : (100 * memory.availableBytes) / memory.totalBytes,
      raw,
    };
    checks.push(checked);
    process.stdout.write(`${rowOf(checked)}\n`);
    return checked;
  }

  return {
    checks,
    /** The second 0. */
    begin: () => {
      zero = Date.now();
    },
    check,
    /** Checks, two seconds apart, until one finds this. @throws when it has not after so many minutes */
    async checkUntil(finds: (checked: Checked) => boolean, minutes: number): Promise<Checked> {
      for (const began = Date.now(); Date.now() - began < minutes * 60_000; ) {
        const checked = await check();
        if (finds(checked)) return checked;
        await new Promise((resolve) => setTimeout(resolve, 2000));
      }
      throw new Error(`it did not come to that in ${minutes} minutes; last: ${JSON.stringify(checks.at(-1), null, 1)}`);
    },
    /** Runs a restart script on the machine as SSM's document and the check's SSH do: by sh, as root. */
    async restart(remedy: 'restart-worker' | 'restart-sshd') {
      const transport = sshTransport({ privateKey: machine.privateKey, hostKeys: { kind: 'pin' } });
      const login = { user: 'root', port: machine.port, privateKeyPath: null };
      const worker = remedy === 'restart-worker' ? UNIT : null;
      const instance = sshInstance('127.0.0.1', machine.port, { login, worker });
      const options = { script: RESTART_SCRIPTS[remedy], hostDeadlineMs: 90_000 };
      const [answer] = (await probeAll(transport, [instance], options)).values();
      return readRestart(answer!.reply);
    },
  };
}

/** A row of docs/machine.md's table. */
export function rowOf({ second, available, vitals, durationMs, status, reasons }: Checked): string {
  const swap = vitals?.swap;
  const swapFree = swap?.totalBytes ? Math.round((100 * (swap.freeBytes ?? 0)) / swap.totalBytes) : null;
  const { someAvg10, fullAvg10 } = vitals?.memoryPressure ?? {};
  const cells = [
    second,
    available === null ? '' : Math.round(available),
    swapFree ?? '',
    someAvg10 === undefined ? '' : `${Math.round(someAvg10)} / ${Math.round(fullAvg10 ?? 0)}`,
    (durationMs / 1000).toFixed(1),
    status,
    reasons.map(({ code }) => `\`${code}\``).join(', '),
  ];
  return `| ${cells.join(' | ')} |`;
}
