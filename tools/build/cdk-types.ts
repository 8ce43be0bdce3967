/**
 * The types of `crawlwatch/cdk`, as text. Those of the settings are made from their schema, with what each one does as
 * its comment: the compiler's own would name zod, which a CDK app needn't have.
 */
import * as z from 'zod';
import { settingsSchema } from '../../lambda/settings/index.ts';

interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly allowed?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
}

const union = (types: readonly string[]): string => [...new Set(types)].join(' | ');

function typeOf(schema: JsonSchema, indent: string): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return union(schema.enum.map((value) => JSON.stringify(value)));
  if (schema.anyOf !== undefined) return union(schema.anyOf.map((one) => typeOf(one, indent)));
  if (Array.isArray(schema.type)) return union(schema.type.map((type: string) => typeOf({ ...schema, type }, indent)));
  switch (schema.type) {
    case 'object':
      return objectType(schema, indent);
    case 'array':
      return `readonly (${typeOf(schema.items ?? {}, indent)})[]`;
    case 'integer':
      return 'number';
    case 'string':
    case 'number':
    case 'boolean':
    case 'null':
      return String(schema.type);
    default:
      throw new Error(`no TypeScript type for ${JSON.stringify(schema).slice(0, 200)}`);
  }
}

function objectType({ properties = {}, required = [] }: JsonSchema, indent: string): string {
  const inner = `${indent}  `;
  const lines = Object.entries(properties).flatMap(([key, schema]) => {
    const { description, allowed, default: usual } = schema;
    const says = description ?? schema.anyOf?.find((one) => one.description !== undefined)?.description;
    const about =
      says === undefined
        ? []
        : [
            `${inner}/** ${says}${allowed === undefined ? '' : ` Allowed: ${allowed}.`}${schema.type === 'object' ? '' : ` @default ${JSON.stringify(usual ?? null)}`} */`,
          ];
    return [...about, `${inner}readonly ${key}${required.includes(key) ? '' : '?'}: ${typeOf(schema, inner)};`];
  });
  return `{\n${lines.join('\n')}\n${indent}}`;
}

export function cdkTypes(): string {
  const schema = z.toJSONSchema(settingsSchema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  return `import { Stack, type StackProps } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';

/** Settings as in cdk.json: what is left out has its default. */
export interface SettingsInput ${typeOf(schema, '')}

/** Settings that can't be used: a line for each problem, with what was given and what is allowed. */
export declare class SettingsError extends Error {
  readonly problems: readonly string[];
}

export interface CrawlwatchProps {
  /**
   * Settings as in cdk.json, those that differ from their defaults. \`stack\` is the name of the CDK stack that this is in.
   * @default - all defaults: nobody gets mail, and nothing acts by itself
   */
  readonly settings?: SettingsInput;
  /** The Region of the deploy, where it is known though the stack is made for any. @default - the stack's, if it has one */
  readonly deployRegion?: string | undefined;
}

/** Watches the EC2 instances that carry the watch tag. One to a CDK stack. */
export declare class Crawlwatch extends Construct {
  /** Where alerts are published: subscribe to it what else should get them. */
  readonly alerts: ITopic;
  readonly checkFunction: IFunction;
  readonly remedyFunction: IFunction;
  readonly dashboardUrl: string;
  /** @throws SettingsError with every problem found in the settings */
  constructor(scope: Construct, id: string, props?: CrawlwatchProps);
}

export interface CrawlwatchStackProps extends StackProps, CrawlwatchProps {}

/** A stack that holds crawlwatch and nothing else. */
export declare class CrawlwatchStack extends Stack {
  readonly crawlwatch: Crawlwatch;
  constructor(scope: Construct, id: string, props?: CrawlwatchStackProps);
}
`;
}
