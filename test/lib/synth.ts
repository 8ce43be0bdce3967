import { App, type Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { parseSettings, SettingsError } from '../../lambda/settings/settings.ts';
import { CrawlwatchStack } from '../../lib/crawlwatch-stack.ts';

/** The stack with these settings over the defaults. Its functions aren't bundled: the template only names them. */
export function stackWith(settings: object = {}): Stack {
  const app = new App({ context: { 'aws:cdk:bundling-stacks': [] } });
  const parsed = parseSettings(settings);
  return new CrawlwatchStack(app, parsed.stack, { settings: parsed });
}

const templates = new Map<string, Template>();

export function templateWith(settings: object = {}): Template {
  const key = JSON.stringify(settings);
  const template = templates.get(key) ?? Template.fromStack(stackWith(settings));
  templates.set(key, template);
  return template;
}

interface Statement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

/** What the role may do whose logical id begins so, in the template's words, with ARNs as plain text. */
export function grantsOf(role: string, settings: object = {}): Statement[] {
  const policies = templateWith(settings).findResources('AWS::IAM::Policy');
  const [own] = Object.entries(policies).filter(([id]) => id.startsWith(role));
  const { Statement } = own![1].Properties.PolicyDocument as { Statement: Statement[] };
  return Statement.map((statement) => ({ ...statement, Resource: inWords(statement.Resource) }));
}

export const checkGrants = (settings: object = {}): Statement[] => grantsOf('CheckRole', settings);

/** `Fn::Join` of pseudo parameters as one text: `arn:{AWS::Partition}:ec2:...`; of the stack's own resources, the id. */
export function inWords(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inWords);
  if (typeof value !== 'object' || value === null) return value;
  const { Ref, 'Fn::GetAtt': getAtt, 'Fn::Join': join } = value as Record<string, unknown>;
  if (typeof Ref === 'string') return `{${withoutHash(Ref)}}`;
  if (Array.isArray(getAtt)) return `{${withoutHash(String(getAtt[0]))}.${getAtt[1]}}`;
  if (Array.isArray(join)) return (join[1] as unknown[]).map(inWords).join(String(join[0]));
  return value;
}

const withoutHash = (logicalId: string): string => logicalId.replace(/[0-9A-F]{8}$/, '');

/** What is wrong with these settings, by the words of their error; empty where the stack takes them. */
export function problemsOf(settings: object, deployRegion?: string): readonly string[] {
  try {
    const parsed = parseSettings(settings);
    const app = new App({ context: { 'aws:cdk:bundling-stacks': [] } });
    new CrawlwatchStack(app, parsed.stack, { settings: parsed, deployRegion });
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
}
