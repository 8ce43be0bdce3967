/** Which AWS services the functions call with these settings. */
import { actsByItself, type Settings } from './settings.ts';

/** Whether a check may go over SSM: `auto` uses it too, alone or as the second opinion. */
export const usesSsm = (settings: Settings): boolean => settings.transport !== 'ssh';

/** Of the two services that may keep the SSH key, the one that the ARN names. */
export const isSecretsManager = (keySecretArn: string): boolean => keySecretArn.split(':')[2] === 'secretsmanager';

/** The names of services as they end an endpoint's, `com.amazonaws.REGION.NAME`. */
export interface EndpointServices {
  /** Found at their usual names, which private DNS points at the endpoint. */
  readonly byPrivateDns: readonly string[];
  /** Called at the endpoint's own name, so that a gateway endpoint in the same VPC keeps the usual one. */
  readonly byUrl: readonly string[];
  /** Found at their usual names, to which a route leads. Free; the others are billed by the hour. */
  readonly byRoute: readonly string[];
}

/** Called by the function that keeps state, at the endpoint's own name or by a route: never by private DNS. */
const STORES = ['dynamodb', 's3'] as const;

/**
 * The services that check and remedy call with these settings. Lambda sends a function's logs itself, so they need no
 * endpoint.
 */
export function calledServices(settings: Settings): string[] {
  const key = settings.ssh.keySecretArn;
  const keyInSecretsManager = key !== null && isSecretsManager(key);
  return [
    'ec2',
    'monitoring',
    'sns',
    'events',
    ...(keyInSecretsManager ? ['secretsmanager'] : []),
    ...(usesSsm(settings) || (key !== null && !keyInSecretsManager) ? ['ssm'] : []),
    ...(actsByItself(settings) ? ['lambda'] : []),
    ...(settings.accounts === null ? [] : ['sts']),
    ...STORES,
  ];
}

/**
 * The endpoints of `vpc.createEndpoints`: in a VPC without a NAT gateway all that the functions call; of a list what it
 * names and no more, since the VPC has the others. The stack makes them and the bill counts them from this one place.
 */
export function endpointServices(settings: Settings): EndpointServices {
  const { createEndpoints, routeTableIds } = settings.vpc;
  const wanted = Array.isArray(createEndpoints)
    ? [...new Set(createEndpoints)]
    : createEndpoints
      ? calledServices(settings)
      : [];
  const stores = STORES.filter((store) => wanted.includes(store));
  return {
    byPrivateDns: wanted.filter((name) => !stores.some((store) => store === name)),
    byUrl: routeTableIds === null ? stores : [],
    byRoute: routeTableIds === null ? [] : stores,
  };
}
