/** Another account, watched through the role that its template makes: the SDK's own way there, to a pretend AWS. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CloudFormationClient, CreateStackCommand, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { CreateTagsCommand, DescribeImagesCommand, EC2Client, RunInstancesCommand } from '@aws-sdk/client-ec2';
import { ListDocumentsCommand, SSMClient } from '@aws-sdk/client-ssm';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { discoverIn } from '../../lambda/discover/places.ts';
import { fleetTargets, readPlaces } from '../../lambda/discover/targets.ts';
import { ec2Client, ssmClient } from '../../lambda/kit/clients/index.ts';
import { writeTagsIn } from '../../lambda/memory/ec2.ts';
import { parseSettings } from '../../lambda/settings/settings.ts';
import { type Moto, startMoto, whyNoMoto } from '../support/moto.ts';

const missing = whyNoMoto();
if (missing !== null) process.stderr.write(`\nSKIPPED, no other account was watched: ${missing}\n\n`);

const MEMBER = '210987654321';
const REGIONS = ['us-east-1', 'eu-central-1'];
const HOME = 'arn:aws:iam::123456789012:role';
const SETTINGS = parseSettings({ regions: REGIONS, accounts: [{ id: MEMBER, externalId: 'a-long-secret' }] });
const TEMPLATE = readFileSync(join(import.meta.dirname, '../../accounts/crawlwatch-member.yaml'), 'utf8');

// Needs moto_server; where it is missing, the reason is printed.
describe.runIf(missing === null)('another account', () => {
  let moto: Moto;
  /** As its owner works in it. */
  let owner: (region: string) => { region: string; endpoint: string; credentials: ReturnType<typeof keys> };
  const ids = new Map<string, string>();
  const home = { region: 'us-east-1', probeDocument: null };

  beforeAll(async () => {
    moto = await startMoto();
    for (const [name, value] of Object.entries(moto.env)) vi.stubEnv(name, value);
    const sts = new STSClient({});
    const RoleArn = `arn:aws:iam::${MEMBER}:role/owner`;
    const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'owner' }));
    owner = (region) => ({ region, endpoint: moto.endpoint, credentials: keys(Credentials!) });
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await moto.stop();
  });

  it('takes the template: with the role in one Region, without it in the others', async () => {
    for (const [n, region] of REGIONS.entries()) {
      const cloudFormation = new CloudFormationClient(owner(region));
      const given = {
        CheckRoleArn: `${HOME}/Check`,
        WidgetRoleArn: `${HOME}/Widget`,
        ExternalId: 'a-long-secret',
        TagKey: 'crawlwatch',
        MakeRole: String(n === 0),
      };
      await cloudFormation.send(
        new CreateStackCommand({
          StackName: 'crawlwatch-member',
          TemplateBody: TEMPLATE,
          Capabilities: ['CAPABILITY_NAMED_IAM'],
          Parameters: Object.entries(given).map(([ParameterKey, ParameterValue]) => ({ ParameterKey, ParameterValue })),
        }),
      );
      const { Stacks } = await cloudFormation.send(new DescribeStacksCommand({ StackName: 'crawlwatch-member' }));
      expect(Stacks?.[0]?.StackStatus).toBe('CREATE_COMPLETE');
      const { DocumentIdentifiers } = await new SSMClient(owner(region)).send(
        new ListDocumentsCommand({ Filters: [{ Key: 'Owner', Values: ['Self'] }] }),
      );
      expect(DocumentIdentifiers?.map(({ Name }) => Name)).toEqual(['crawlwatch-probe']);
    }
  });

  it('has a role whose policy names the watch tag', async () => {
    const policy = JSON.parse(await rolePolicy('crawlwatch-member', 'Watch'));
    const write = policy.Statement.find(({ Sid }: { Sid: string }) => Sid === 'WriteOwnTags');
    expect(write).toMatchObject({
      Resource: `arn:aws:ec2:*:${MEMBER}:instance/*`,
      Condition: { StringEquals: { 'aws:ResourceTag/crawlwatch': 'true' } },
    });
  });

  it('is found in every Region, and its instances take their tags there', async () => {
    for (const region of REGIONS) ids.set(region, await launch(region));
    const targets = fleetTargets(SETTINGS, { ...home, ec2: ec2Client('us-east-1'), ssm: ssmClient('us-east-1') });
    const found = await discoverIn(targets, SETTINGS);
    expect(found.map(({ id, region, account, elsewhere }) => [id, region, account, elsewhere])).toEqual(
      REGIONS.map((region) => [ids.get(region), region, MEMBER, true]),
    );
    const tags = { 'crawlwatch:status': 'CRITICAL:BannerTimeout' };
    expect(await writeTagsIn(targets, [{ action: 'create', ids: [...ids.values()], tags }], found)).toEqual([]);
    for (const one of await discoverIn(targets, SETTINGS)) expect(one.tags).toMatchObject(tags);
  });

  it('is found by the dashboard too', async () => {
    const found = await discoverIn(readPlaces(SETTINGS, { ...home, ec2: ec2Client('us-east-1') }), SETTINGS);
    expect(found.map(({ id }) => id)).toEqual([...ids.values()]);
  });

  async function launch(region: string): Promise<string> {
    const ec2 = new EC2Client(owner(region));
    const { Images } = await ec2.send(new DescribeImagesCommand({ Owners: ['amazon'] }));
    const ImageId = Images!.find((image) => image.Platform?.toLowerCase() !== 'windows')!.ImageId!;
    const { Instances } = await ec2.send(new RunInstancesCommand({ ImageId, MinCount: 1, MaxCount: 1 }));
    const id = Instances![0]!.InstanceId!;
    await ec2.send(new CreateTagsCommand({ Resources: [id], Tags: [{ Key: 'crawlwatch', Value: 'true' }] }));
    return id;
  }

  /** IAM's query protocol: of its answers only this one is needed. */
  async function rolePolicy(RoleName: string, PolicyName: string): Promise<string> {
    const { accessKeyId } = owner('us-east-1').credentials;
    const response = await fetch(moto.endpoint, {
      method: 'POST',
      headers: {
        authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20261122/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0`,
      },
      body: new URLSearchParams({ Action: 'GetRolePolicy', Version: '2010-05-08', RoleName, PolicyName }),
    });
    const [, text = ''] = /<PolicyDocument>([^<]*)</.exec(await response.text()) ?? [];
    return decodeURIComponent(text).replaceAll('&quot;', '"').replaceAll('&#34;', '"');
  }
});

const keys = ({ AccessKeyId = '', SecretAccessKey = '', SessionToken = '' }) => ({
  accessKeyId: AccessKeyId,
  secretAccessKey: SecretAccessKey,
  sessionToken: SessionToken,
});
