/** The places where instances are watched: which of them an instance is in, and the instances of all that can be read. */
import { type CloudWatch, type Ec2, errorText, type InstanceConnect, type Ssm } from '../kit/index.ts';
import type { Instance } from '../model/index.ts';
import type { Settings } from '../settings/index.ts';
import { findFleet } from './ec2.ts';

/** One account in one Region, as far as finding instances takes. */
export interface Place {
  readonly region: string;
  /** Null: the account that this runs in. */
  readonly account: string | null;
  /** In another Region or account than the metrics, mails and acts. */
  readonly elsewhere: boolean;
  readonly ec2: Ec2;
}

/** The same with what probing its instances takes. */
export interface Target extends Place {
  readonly ssm: Ssm;
  /** For what the hypervisor measures of the instances there; absent: that is not known. */
  readonly cloudWatch?: Pick<CloudWatch, 'send'>;
  readonly instanceConnect?: InstanceConnect;
  /** The probe as a Command document; null: nothing can be asked over SSM. */
  readonly probeDocument: string | null;
}

/** `eu-central-1`, or `account 123456789012 in eu-central-1`. */
export const placeName = ({ account, region }: Pick<Place, 'account' | 'region'>): string =>
  account === null ? region : `account ${account} in ${region}`;

/** The target of an instance's Region and account; EC2 names the own account by its number, which isn't known here. */
export function targetOf(targets: readonly Target[], one: Pick<Instance, 'region' | 'account'>): Target | undefined {
  const there = targets.filter(({ region }) => region === one.region);
  return (
    there.find(({ account }) => account === one.account) ?? there.find(({ account }) => account === null) ?? targets[0]
  );
}

export function byTarget<T extends Pick<Instance, 'region' | 'account'>>(
  targets: readonly Target[],
  all: readonly T[],
) {
  const groups = new Map<Target, T[]>();
  for (const one of all) {
    const target = targetOf(targets, one);
    if (target === undefined) continue;
    const group = groups.get(target);
    if (group === undefined) groups.set(target, [one]);
    else group.push(one);
  }
  return groups;
}

/** How long several places wait for one of them: an endpoint that is down takes minutes to fail. */
const DISCOVERY_MS = 30_000;

/**
 * The instances of every place that can be read.
 * @param problem gets a sentence for each that can't; its instances are then unknown
 * @throws the first failure where none can be read
 */
export async function discoverIn(
  targets: readonly Place[],
  settings: Settings,
  problem: (text: string) => void = () => {},
  patienceMs = DISCOVERY_MS,
): Promise<Instance[]> {
  const describeIn = async ({ ec2, region, elsewhere }: Place) => {
    const found = await findFleet(ec2, region, settings);
    return elsewhere ? found.map((one) => ({ ...one, elsewhere })) : found;
  };
  const patient =
    targets.length > 1 ? <T>(work: Promise<T>) => within(work, patienceMs) : <T>(work: Promise<T>) => work;
  const answers = await Promise.allSettled(targets.map((target) => patient(describeIn(target))));
  const refused = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []));
  if (refused.length === targets.length && targets.length > 0) throw refused[0];
  // An account that is also named as a member's is found twice.
  const found = new Map<string, Instance>();
  answers.forEach((answer, n) => {
    const target = targets[n];
    if (answer.status === 'fulfilled') {
      for (const one of answer.value) if (!found.has(one.id)) found.set(one.id, one);
    } else if (target !== undefined) {
      problem(`${placeName(target)} can't be read, and nothing is known of its instances: ${errorText(answer.reason)}`);
    }
  });
  return [...found.values()];
}

async function within<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
