import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

interface Job {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly steps: readonly { readonly uses?: string; readonly run?: string }[];
}

interface Workflow {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const FOLDER = '.github/workflows';
const TEXTS = readdirSync(FOLDER).map((name): [string, string] => [name, readFileSync(`${FOLDER}/${name}`, 'utf8')]);
const jobsOf = (text: string) => Object.entries((parse(text) as Workflow).jobs);

describe.each(TEXTS)('the workflow %s', (_, text) => {
  it('pins every action by its commit, with the version in a comment', () => {
    const uses = jobsOf(text).flatMap(([, { steps }]) => steps.flatMap(({ uses }) => uses ?? []));
    expect(uses.length).toBeGreaterThan(0);
    for (const action of uses) {
      expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
      expect(text).toMatch(new RegExp(`uses: ${action} # v\\d+\\.\\d+\\.\\d+\n`));
    }
  });

  it('may only read, but for the one job that publishes', () => {
    expect((parse(text) as Workflow).permissions).toEqual({ contents: 'read' });
    for (const [name, { permissions }] of jobsOf(text)) {
      const expected = name === 'publish' ? { contents: 'read', 'id-token': 'write' } : undefined;
      expect(permissions, name).toEqual(expected);
    }
  });
});

it('runs no dependency’s script where the identity for publishing can be had', () => {
  const publishing = TEXTS.flatMap(([, text]) => jobsOf(text)).filter(([, job]) => job.permissions?.['id-token']);
  expect(publishing.map(([name]) => name)).toEqual(['publish']);
  const commands = publishing.flatMap(([, { steps }]) => steps.flatMap(({ run }) => run ?? []));
  expect(commands).toEqual([expect.stringMatching(/^npm publish --provenance .*--ignore-scripts/)]);
});
