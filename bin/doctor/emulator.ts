/** Whether the calls go to AWS itself, and what only AWS itself does. */
import { withoutSecrets } from '../../lambda/kit/index.ts';
import { type Step, unknown } from './step.ts';

/** What the names of AWS's own endpoints end with, in all its partitions (CDK's region-info; dual-stack: api.aws). */
const OWN =
  /(?:^|\.)(?:amazonaws\.(?:com(?:\.cn)?|eu)|api\.(?:aws|amazonwebservices\.com\.cn|aws\.eu)|(?:c2s\.ic|sc2s\.sgov|csp\.hci\.ic)\.gov|cloud\.adc-e\.uk)$/;

/**
 * The variable that leads calls to another place than AWS, with its value: an emulator. Null: there is none. An interface
 * endpoint's own name is AWS's too (https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html).
 */
export function emulatorOf(env: Readonly<Record<string, string | undefined>>): string | null {
  if (env.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS?.toLowerCase() === 'true') return null;
  const given = Object.entries(env)
    .filter(([name, value]) => /^AWS_ENDPOINT_URL(?:_[A-Z0-9_]+)?$/.test(name) && value !== undefined && value !== '')
    .toSorted();
  for (const [name, value = ''] of given) {
    const url = URL.canParse(value) ? new URL(value) : null;
    if (url !== null && OWN.test(url.hostname)) continue;
    return `${name} is ${url === null ? withoutSecrets(value) : url.origin}`;
  }
  return null;
}

/** What an emulator leaves out, by the step that would take it for a fault. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  schedule: 'an emulator starts no schedule and runs no function',
  'last check': 'an emulator runs no check',
  subscription: 'an emulator delivers no mail, and none to confirm a subscription either',
  'last mail': 'an emulator counts no mail',
  topic: 'an emulator may subscribe no address for a stack',
  'way out': 'an emulator has no network',
  'SSM agent': 'an emulator has no agents',
  'instance profile': 'an emulator has no agents',
  'route to SSM': 'an emulator has no network',
  route: 'an emulator makes up where a function is',
  'security group': 'an emulator has no network',
  probe: 'an emulator runs no command on a host',
};

/** One more step, in front; and what only AWS itself can do is no fault of anybody. */
export function onEmulator(emulator: string | null, steps: readonly Step[]): readonly Step[] {
  if (emulator === null) return steps;
  return steps.map((step) => {
    const why = LEFT_OUT[step.name];
    return why === undefined || step.finding !== 'failed' ? step : unknown(step.name, `${step.text} (${why})`);
  });
}

export const emulatorStep = (emulator: string): Step =>
  unknown(
    'AWS',
    `${emulator}, which is not AWS: an emulator keeps tags, metrics and topics, but sends no mail, starts no schedule, runs no function, evaluates no alarm and has no SSM agent that answers`,
    'unset it to examine an account',
  );
