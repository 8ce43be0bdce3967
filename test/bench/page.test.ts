import { describe, expect, it } from 'vitest';
import { withParts } from '../../bench/page.ts';
import type { Section } from '../../bench/table.ts';

const RUN = { at: new Date('2026-11-26T10:00:00Z'), machine: '2 cores' };
const section = (title: string, value: string): Section => ({
  ...{ title, columns: ['what', 'ms'], rows: [['ours', value]], notes: ['A note.'] },
  targets: [{ what: 'ours', got: value, target: '5 or less', met: true }],
});
const PAGE = '# Title\n\n## One\n\nWhat it means.\n\n<!-- one:begin -->\nold\n<!-- one:end -->\n\n## Two\n\nStays.\n';

describe("the bench's page", () => {
  it('has a part in the place that is marked for it, with date and machine, and everything else as it was', () => {
    const made = withParts(PAGE, [{ name: 'one', section: section('Part one', '4') }], RUN);
    expect(made).toContain('What it means.\n\n<!-- one:begin -->\n| what |  ms |\n');
    expect(made).toContain('| ours |   4 |');
    expect(made).toContain('Measured on 2026-11-26: 2 cores.\n<!-- one:end -->\n\n## Two\n\nStays.\n');
    expect(made).not.toContain('old');
    expect(made).not.toContain('Part one');
  });

  it('has the same text after the same figures', () => {
    const parts = [{ name: 'one', section: section('Part one', '4') }];
    const once = withParts(PAGE, parts, RUN);
    expect(withParts(once, parts, RUN)).toBe(once);
  });

  it('gets a part without a place at its end, under its title, and keeps it there', () => {
    const made = withParts(PAGE, [{ name: 'three', section: section('Part three', '1') }], RUN);
    expect(made.startsWith(PAGE)).toBe(true);
    expect(made).toMatch(/Stays\.\n\n## Part three\n\n<!-- three:begin -->[\s\S]*<!-- three:end -->\n$/);
    const again = withParts(made, [{ name: 'three', section: section('Part three', '2') }], RUN);
    expect(again.match(/Part three/g)).toHaveLength(1);
    expect(again).toContain('| ours |   2 |');
  });
});
