/** Clients for every place that the settings name: Regions of the own account, and of members by a role there. */
import {
  type Credentials,
  cloudWatchClient,
  ec2Client,
  instanceConnectClient,
  ssmClient,
  withBudget,
} from '../kit/index.ts';
import { MEMBER_PROBE_DOCUMENT, READER_SUFFIX } from '../model/index.ts';
import type { Settings } from '../settings/index.ts';
import type { Place, Target } from './places.ts';
import { memberCredentials } from './sts.ts';

type Connect<C> = (region: string, credentials: Credentials | undefined) => C;
type Connection<P extends Place> = Omit<P, 'account' | 'elsewhere' | 'region'>;
type Home<P extends Place> = Connection<P> & Pick<Place, 'region'>;

export interface TargetOptions {
  /** Functions that ask at the same time: each takes its part of the APIs' rates. @default 1 */
  readonly sharers?: number;
  /** @default the SDK's clients, within their budgets */
  readonly connect?: Connect<Connection<Target>>;
}

/**
 * Every place that the settings name, the own account's first.
 * @param home the caller's own; it is among them where its Region is watched
 */
export function fleetTargets(settings: Settings, home: Home<Target>, options: TargetOptions = {}): Target[] {
  const { sharers = 1, connect = connectWithin(sharers) } = options;
  return placesOf(settings, home, connect, '');
}

const connectWithin =
  (sharers: number): Connect<Connection<Target>> =>
  (region, credentials) => ({
    ec2: withBudget(ec2Client(region, credentials), sharers),
    ssm: withBudget(ssmClient(region, credentials), sharers),
    cloudWatch: withBudget(cloudWatchClient(region, credentials), sharers),
    instanceConnect: instanceConnectClient(region, credentials),
    probeDocument: MEMBER_PROBE_DOCUMENT,
  });

/** The same places by the members' second roles, which can only find instances. */
export const readPlaces = (settings: Settings, home: Home<Place>): Place[] =>
  placesOf(settings, home, (region, credentials) => ({ ec2: ec2Client(region, credentials) }), READER_SUFFIX);

function placesOf<C extends object>(
  { accounts, regions }: Settings,
  home: C & Pick<Place, 'region'>,
  connect: Connect<C>,
  roleSuffix: string,
): (C & Pick<Place, 'region' | 'account' | 'elsewhere'>)[] {
  const members = (accounts ?? []).map((member) => {
    const role = { ...member, roleName: `${member.roleName}${roleSuffix}` };
    const credentials = memberCredentials(role, home.region);
    return { account: member.id, credentials };
  });
  return [{ account: null, credentials: undefined }, ...members].flatMap(({ account, credentials }) =>
    [...new Set(regions ?? [home.region])].map((region) =>
      account === null && region === home.region
        ? { ...home, account, elsewhere: false }
        : { ...connect(region, credentials), region, account, elsewhere: true },
    ),
  );
}
