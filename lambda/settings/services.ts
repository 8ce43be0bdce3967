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

/**
 * The endpoints that check and remedy need in a VPC without a NAT gateway. The stack makes them and the bill
 * counts them from this one list. Lambda sends a function's logs itself, so they need none.
 */
export function endpointServices(settings: Settings): EndpointServices {
  const key = settings.ssh.keySecretArn;
  const keyInSecretsManager = key !== null && isSecretsManager(key);
  return {
    byPrivateDns: [
      'ec2',
      'monitoring',
      'sns',
      ...(keyInSecretsManager ? ['secretsmanager'] : []),
      ...(usesSsm(settings) || (key !== null && !keyInSecretsManager) ? ['ssm'] : []),
      ...(actsByItself(settings) ? ['lambda'] : []),
      ...(settings.accounts === null ? [] : ['sts']),
    ],
    byUrl: settings.vpc.routeTableIds === null ? ['dynamodb', 's3'] : [],
    byRoute: settings.vpc.routeTableIds === null ? [] : ['dynamodb', 's3'],
  };
}
