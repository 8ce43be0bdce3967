import { GetFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { afterEach, describe, expect, it } from 'vitest';
import { TAG } from '../../../lambda/model/index.ts';
import { DoctorFleet, HOST } from '../../support/doctor-fleet.ts';
import { HOST_KEY } from '../../support/fleet.ts';
import { probeOutput } from '../../support/probe-output.ts';
import { keyPair, rawServer, sshServer, type TestServer } from '../../support/ssh-server.ts';

const KEY_ARN = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:crawlwatch-key';
const login = keyPair();
const servers: TestServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

/** A stack that asks over SSH from its own VPC, and a host that lets its key in. */
async function fleetOverSsh(
  server: Promise<TestServer>,
  ssh: object = { keySecretArn: KEY_ARN },
  sshSeconds = 60,
): Promise<DoctorFleet> {
  const { port } = await server;
  servers.push(await server);
  const vpc = { id: 'vpc-1', subnetIds: ['subnet-1'] };
  const fleet = await DoctorFleet.well({ transport: 'ssh', vpc, ssh, timeouts: { sshSeconds } });
  const { stack, network, aws } = fleet;
  stack.vpc = { VpcId: 'vpc-1', SubnetIds: ['subnet-1'], SecurityGroupIds: ['sg-check'] };
  stack.secrets.set(KEY_ARN, login.private);
  const rule = { IpProtocol: 'tcp', FromPort: port, ToPort: port, UserIdGroupPairs: [{ GroupId: 'sg-check' }] };
  network.groups = [{ GroupId: 'sg-host', IpPermissions: [rule] }];
  aws.instances.get(HOST)!.privateIp = '127.0.0.1';
  return fleet.tag(TAG.ssh, `port=${port}`);
}
const host = () => sshServer({ authorized: [login.public], output: probeOutput() });

describe('the doctor of an instance that is checked over SSH', () => {
  it('finds nothing where all is OK, step by step', async () => {
    const { steps, troubles, exitCode } = await (await fleetOverSsh(host())).diagnose([HOST]);
    expect(troubles).toEqual([]);
    expect(steps.map(({ name }) => name)).toEqual([
      ...['watch tag', 'state', 'platform', 'overrides', 'last check', 'security group', 'network ACL', 'route', 'key'],
      ...['address', 'connection', 'sshd', 'host key', 'login', 'probe'],
    ]);
    expect(exitCode).toBe(0);
  });

  it('finds a host key other than the one that is pinned', async () => {
    const fleet = (await fleetOverSsh(host())).tag(TAG.hostKey, HOST_KEY);
    const { troubles } = await fleet.diagnose([HOST]);
    expect(troubles[0]).toMatch(/^failed host key: HostKeyMismatch: .* not the pinned SHA256:.* delete its tag/);
    expect(troubles).toHaveLength(3);
  });

  it('finds a security group without the check, and a network ACL that denies it', async () => {
    const fleet = await fleetOverSsh(host());
    fleet.stack.vpc = { VpcId: 'vpc-1', SubnetIds: ['subnet-1'], SecurityGroupIds: ['sg-other'] };
    fleet.network.acl = [];
    const { troubles } = await fleet.diagnose([HOST]);
    expect(troubles).toEqual([
      expect.stringMatching(/^failed security group: .* --source-group sg-other$/),
      expect.stringMatching(/^failed network ACL: denies 10\.0\.0\.0\/24 port \d+ -> allow TCP/),
    ]);
  });

  it.each<[string, (fleet: DoctorFleet) => void, string]>([
    [
      'is not there',
      ({ stack }) => void stack.secrets.clear(),
      `failed key: the private key ${KEY_ARN} can't be read (ResourceNotFoundException: Secrets Manager can't find the specified secret.)`,
    ],
    [
      'is no key',
      ({ stack }) => void stack.secrets.set(KEY_ARN, 'hello'),
      `failed key: ${KEY_ARN}: the private key given can't be used: `,
    ],
    [
      'may not be read',
      ({ stack: { secretsManager } }) =>
        secretsManager.fail(GetSecretValueCommand, secretsManager.error('AccessDeniedException', 'no'), 1),
      'unknown key: this identity lacks secretsmanager:GetSecretValue -> allow secretsmanager:GetSecretValue',
    ],
  ])('finds a secret that %s', async (_, breaks, expected) => {
    const fleet = await fleetOverSsh(host());
    breaks(fleet);
    const { troubles } = await fleet.diagnose([HOST]);
    expect(troubles[0]?.slice(0, expected.length)).toBe(expected);
  });

  it('finds a stack that has no key at all', async () => {
    const { troubles } = await (await fleetOverSsh(host(), {})).diagnose([HOST]);
    expect(troubles[0]).toBe(
      'failed key: the check has no key to log in with -> set ssh.keySecretArn, or ssh.instanceConnect, and deploy',
    );
  });

  it('blames nobody for a connection that fails from here', async () => {
    const fleet = await fleetOverSsh(rawServer(() => {}));
    await servers[0]?.close();
    const { troubles, exitCode } = await fleet.diagnose([HOST]);
    expect(troubles[0]).toMatch(
      /^unknown connection: ConnectionRefused: .* from this machine; the check connects from/,
    );
    expect(exitCode).toBe(3);
  });

  it('blames the host where it accepts and says nothing', async () => {
    const fleet = await fleetOverSsh(
      rawServer(() => {}),
      { keySecretArn: KEY_ARN },
      2,
    );
    const { troubles } = await fleet.diagnose([HOST]);
    expect(troubles[0]).toMatch(/^failed sshd: BannerTimeout: /);
  });

  it('names the permission without which it is not known where the check connects from', async () => {
    const fleet = await fleetOverSsh(host());
    const { lambda } = fleet.stack;
    lambda.fail(GetFunctionConfigurationCommand, lambda.error('AccessDeniedException', 'no'), 1);
    const { troubles } = await fleet.diagnose([HOST], { transport: 'ssh' });
    expect(troubles[0]).toMatch(/^unknown check function: this identity lacks lambda:GetFunctionConfiguration/);
    expect(troubles[1]).toMatch(/^unknown security group: sg-host allows port \d+ from sg-check/);
  });
});
