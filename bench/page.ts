/**
 * Writes what the benchmark found into docs/performance.md. Each part has its own place, marked by its name, with the date
 * and machine of the run; a part without a place is added at the end. Whatever else is on the page stays.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderSection, type Section } from './table.ts';

export interface Measured {
  readonly name: string;
  readonly section: Section;
}

/** When and where the figures were measured. */
export interface Run {
  readonly at: Date;
  readonly machine: string;
}

const FILE = 'performance.md';

/** @param folder that of the docs. @throws where the page can't be read or written */
export function updatePage(folder: string, parts: readonly Measured[], run: Run): void {
  const file = join(folder, FILE);
  writeFileSync(file, withParts(readFileSync(file, 'utf8'), parts, run));
}

export function withParts(page: string, parts: readonly Measured[], run: Run): string {
  return parts.reduce((text, part) => {
    const [begin, end] = [`<!-- ${part.name}:begin -->`, `<!-- ${part.name}:end -->`];
    const made = [begin, body(part, run), end].join('\n');
    const from = text.indexOf(begin);
    const to = text.indexOf(end, from);
    if (from >= 0 && to > from) return `${text.slice(0, from)}${made}${text.slice(to + end.length)}`;
    return `${text.trimEnd()}\n\n## ${part.section.title}\n\n${made}\n`;
  }, page);
}

/** Without the title, which is the page's own. */
function body({ section }: Measured, { at, machine }: Run): string {
  const rendered = renderSection(section).split('\n').slice(2).join('\n');
  return `${rendered}\n\nMeasured on ${at.toISOString().slice(0, 10)}: ${machine}.`;
}
