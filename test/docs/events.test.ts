import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { examples, jsonSchemaOf, SCHEMAS } from '../support/event-files.ts';

const FOLDER = join(import.meta.dirname, '../../docs/events');
const EXAMPLES = examples();
const NAMES = Object.keys(SCHEMAS);
const read = (file: string): object => JSON.parse(readFileSync(join(FOLDER, file), 'utf8'));
const validator = (name: string) =>
  new Ajv2020({ allErrors: true, formats: { 'date-time': true } }).compile(read(`${name}.schema.json`));
const errorsOf = (name: string, value: unknown) => {
  const validate = validator(name);
  validate(value);
  return validate.errors ?? [];
};

/** Compares, or writes where UPDATE_DOCS=1. */
function expectFile(file: string, value: object): void {
  const text = `${JSON.stringify(value, null, 2)}\n`;
  if (process.env.UPDATE_DOCS === '1') writeFileSync(join(FOLDER, file), text);
  expect(readFileSync(join(FOLDER, file), 'utf8')).toBe(text);
}

describe('docs/events', () => {
  it('holds one schema and one example of each kind, and nothing else', () => {
    const files = NAMES.flatMap((name) => [`${name}.json`, `${name}.schema.json`]);
    if (process.env.UPDATE_DOCS !== '1') expect(readdirSync(FOLDER).toSorted()).toEqual(files.toSorted());
    expect(Object.keys(EXAMPLES).toSorted()).toEqual(NAMES.toSorted());
  });

  it.each(NAMES)('%s.schema.json is what the code is typed by (npm run docs)', (name) => {
    expectFile(`${name}.schema.json`, jsonSchemaOf(name));
  });

  it.each(NAMES)('%s.json is what the code makes (npm run docs)', (name) => {
    expectFile(`${name}.json`, EXAMPLES[name] ?? {});
  });

  it.each(NAMES)('%s.json is valid by its schema, for any validator of JSON Schema', (name) => {
    expect(errorsOf(name, read(`${name}.json`))).toEqual([]);
  });

  it.each(NAMES)('%s.schema.json allows what a later version may add, and refuses another version', (name) => {
    const example = read(`${name}.json`);
    expect(errorsOf(name, { ...example, added: 1 })).toEqual([]);
    expect(errorsOf(name, { ...example, version: 'other' })).not.toEqual([]);
    if ('detail' in example) {
      const detail = { ...(example.detail as object), version: 2 };
      expect(errorsOf(name, { ...example, detail })).not.toEqual([]);
    }
  });

  it('is refused by the schema of another kind', () => {
    expect(errorsOf('incident-ended', read('incident-opened.json'))).not.toEqual([]);
    expect(errorsOf('act', read('incident-opened.json'))).not.toEqual([]);
  });
});
