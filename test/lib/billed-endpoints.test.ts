import { expect, it } from 'vitest';
import { monthlyBill, PRICE } from '../../lambda/cost/index.ts';
import { parseSettings } from '../../lambda/settings/index.ts';
import { templateWith } from './synth.ts';

const VPC = { id: 'vpc-0123456789abcdef0', subnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'] };
const key = (resource: string) => ({ ssh: { keySecretArn: `arn:aws:${resource}` } });
const SECRET = key('secretsmanager:us-east-1:123456789012:secret:key');
const PARAMETER = key('ssm:us-east-1:123456789012:parameter/key');
const accounts = [{ id: '210987654321', externalId: 'a-long-secret' }];

it.each<[string, object]>([
  ['over SSH alone', { transport: 'ssh' }],
  ['over both ways', {}],
  ['with a key in Secrets Manager', SECRET],
  ['with a key in a parameter, over SSH alone', { transport: 'ssh', ...PARAMETER }],
  ['that acts by itself', { remedies: { restartWorker: true } }],
  ['of other accounts', { accounts }],
  ['without metrics of instances', { metrics: { perInstance: 'none' } }],
  ['of many functions', { scale: 'distributed' }],
  ['with all of it', { ...SECRET, remedies: { reboot: true }, accounts, scale: 'distributed' }],
])('the bill has as many endpoints as the stack makes for a check %s', (_, settings) => {
  const inVpc = { ...settings, vpc: { ...VPC, createEndpoints: true } };
  const made = Object.keys(templateWith(inVpc).findResources('AWS::EC2::VPCEndpoint')).length;
  const billed = monthlyBill(10, parseSettings(inVpc)).items.find(({ item }) => item === 'interface endpoints');
  expect(billed?.dollars).toBeCloseTo(made * VPC.subnetIds.length * PRICE.endpointZone);
});
