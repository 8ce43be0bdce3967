/**
 * Makes accounts/crawlwatch-member.yaml: what another account or Region needs to be watched from here, as a plain
 * CloudFormation template. It uses the statements of the check's own role, so that both grant the same.
 */
import { Stack } from 'aws-cdk-lib';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Document, visit } from 'yaml';
import { MEMBER_PROBE_DOCUMENT, READER_SUFFIX } from '../lambda/model/index.ts';
import { ssmProbeDocument } from '../lambda/probe/index.ts';
import { parseSettings, type Settings } from '../lambda/settings/index.ts';
import {
  discoverInstances,
  memberDocumentArn,
  pushSshKey,
  readConsole,
  readInstances,
  readMetrics,
  runProbe,
  watchedInstances,
  writeOwnTags,
} from './permissions/index.ts';

/** Settings with the template's parameters in them, which CloudFormation fills in. */
function settingsInParameters(): Settings {
  const settings = parseSettings({ ssh: { instanceConnect: true } });
  return {
    ...settings,
    tag: { key: parameter('TagKey'), value: parameter('TagValue') },
    ssh: { ...settings.ssh, user: parameter('InstanceConnectUser') },
  };
}

const parameter = (name: string): string => `\${${name}}`;

/** Returns the file's text. */
export function memberTemplate(): string {
  const stack = new Stack();
  const settings = settingsInParameters();
  // A role has no Region: it covers all of them.
  const reach = { instances: [watchedInstances(stack, '*')], documents: [memberDocumentArn(stack, '*')] };
  const check = [
    discoverInstances(),
    readConsole(reach, settings),
    readMetrics(),
    ...runProbe(reach, settings),
    writeOwnTags(reach, settings),
  ];
  const template = {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: 'Lets crawlwatch in another account watch the tagged instances of this account and Region.',
    Parameters: PARAMETERS,
    Rules: RULES,
    Conditions: CONDITIONS,
    Resources: {
      ProbeDocument: {
        Type: 'AWS::SSM::Document',
        Properties: {
          Name: MEMBER_PROBE_DOCUMENT,
          DocumentType: 'Command',
          DocumentFormat: 'JSON',
          TargetType: '/AWS::EC2::Instance',
          UpdateMethod: 'NewVersion',
          Content: ssmProbeDocument(),
        },
      },
      Role: role('MakesRole', parameter('RoleName'), 'CheckRoleArn', policy(stack, check)),
      ReadRole: role(
        'MakesReadRole',
        `${parameter('RoleName')}${READER_SUFFIX}`,
        'WidgetRoleArn',
        policy(stack, [readInstances()]),
      ),
      PushSshKey: {
        Type: 'AWS::IAM::RolePolicy',
        Condition: 'PushesKeys',
        Properties: {
          PolicyName: 'PushSshKey',
          RoleName: { Ref: 'Role' },
          PolicyDocument: policy(stack, pushSshKey(reach, settings)),
        },
      },
    },
    Outputs: {
      ProbeDocumentName: { Value: { Ref: 'ProbeDocument' } },
      RoleArn: { Condition: 'MakesRole', Value: { 'Fn::GetAtt': ['Role', 'Arn'] } },
    },
  };
  // CloudFormation reads YAML 1.1, where `no` is false.
  const document = new Document(template, { version: '1.1', aliasDuplicateObjects: false });
  visit(document, {
    Scalar: (_, scalar) => {
      // Not every YAML reader takes a line with a tab in it without quotes.
      if (typeof scalar.value === 'string' && scalar.value.includes('\t')) scalar.type = 'QUOTE_DOUBLE';
    },
  });
  return `${HEAD}${document.toString({ lineWidth: 0 })}`;
}

const HEAD = `# Made by \`npm run docs\` from lib/member-template.ts; how to use it: docs/scale.md.
# Deploy it once in each Region that is watched: in the first of an account with MakeRole=true, in the others with false.
`;

const text = (Description: string, Default: string, AllowedPattern: string) => ({
  Type: 'String',
  Description,
  Default,
  AllowedPattern,
});

const ROLE_ARN = '^(arn:[a-z-]+:iam::[0-9]{12}:role/.+)?$';
/** Characters without a meaning in a policy's JSON or in a condition. */
const PLAIN = '[A-Za-z0-9 _.:/=+@-]';
const PARAMETERS = {
  CheckRoleArn: text(
    'Output CheckRoleArn of the crawlwatch stack: the only one that may take the role on.',
    '',
    ROLE_ARN,
  ),
  WidgetRoleArn: text(
    'Output WidgetRoleArn of it, which may only read. Empty: the dashboard does not show these instances.',
    '',
    ROLE_ARN,
  ),
  ExternalId: text(
    'The externalId of this account in the settings of crawlwatch.',
    '',
    '^([A-Za-z0-9_+=,.@:/-]{8,128})?$',
  ),
  TagKey: text('The setting tag.key.', 'crawlwatch', `^${PLAIN}{1,127}$`),
  TagValue: text('The setting tag.value.', 'true', `^${PLAIN}{1,256}$`),
  RoleName: text('The roleName of this account in the settings.', 'crawlwatch-member', '^[A-Za-z0-9_+=,.@-]{1,59}$'),
  InstanceConnectUser: text(
    'The setting ssh.user where ssh.instanceConnect is true. Empty: no key may be pushed.',
    '',
    '^([A-Za-z_][A-Za-z0-9_.-]{0,31})?$',
  ),
  MakeRole: {
    Type: 'String',
    Description: 'Roles have no Region: true in one Region of the account, false in the others.',
    Default: 'true',
    AllowedValues: ['true', 'false'],
  },
};

const isGiven = (name: string) => ({ 'Fn::Not': [{ 'Fn::Equals': [{ Ref: name }, ''] }] });
const MAKES_ROLE = { 'Fn::Equals': [{ Ref: 'MakeRole' }, 'true'] };
const CONDITIONS = {
  MakesRole: MAKES_ROLE,
  MakesReadRole: { 'Fn::And': [MAKES_ROLE, isGiven('WidgetRoleArn')] },
  PushesKeys: { 'Fn::And': [MAKES_ROLE, isGiven('InstanceConnectUser')] },
};
/** Checked before anything is made: IAM's refusal of an empty principal says less. */
const RULES = {
  RoleIsForSomebody: {
    RuleCondition: MAKES_ROLE,
    Assertions: [
      { Assert: isGiven('CheckRoleArn'), AssertDescription: 'MakeRole=true takes CheckRoleArn' },
      { Assert: isGiven('ExternalId'), AssertDescription: 'MakeRole=true takes ExternalId' },
    ],
  },
};

/** For one role of the other account, and for who knows the external id. */
const role = (Condition: string, name: string, principal: string, PolicyDocument: object) => ({
  Type: 'AWS::IAM::Role',
  Condition,
  Properties: {
    RoleName: { 'Fn::Sub': name },
    AssumeRolePolicyDocument: {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: 'sts:AssumeRole',
          Principal: { AWS: { Ref: principal } },
          Condition: { StringEquals: { 'sts:ExternalId': { Ref: 'ExternalId' } } },
        },
      ],
    },
    Policies: [{ PolicyName: 'Watch', PolicyDocument }],
  },
});

/**
 * Writes the policy as JSON text where it holds parameters, since a tag's key is one of them and CloudFormation allows no
 * function in a key.
 */
function policy(stack: Stack, statements: readonly PolicyStatement[]) {
  const Statement = inline(stack.resolve(statements.map((one) => one.toStatementJson())));
  const document = { Version: '2012-10-17', Statement };
  const json = JSON.stringify(document, null, 2);
  return json.includes('${') ? { 'Fn::Sub': json } : document;
}

/** Turns `Ref` and `Fn::Join`, as CDK writes them, into the text that `Fn::Sub` takes. */
function inline(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inline);
  if (typeof value !== 'object' || value === null) return value;
  if ('Ref' in value) return `\${${value.Ref}}`;
  if ('Fn::Join' in value) {
    const [separator, parts] = value['Fn::Join'] as [string, unknown[]];
    return parts.map(inline).join(separator);
  }
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, inline(one)]));
}
