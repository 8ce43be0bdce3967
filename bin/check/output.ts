/** Prints a report in the format of `-o`. */
import { forTerminal, isoSeconds } from '../../lambda/kit/index.ts';
import type { InstanceReport, Report } from '../../lambda/model/index.ts';
import { instanceJson, instanceLine, reportJson, streamedJson } from '../../lambda/report/index.ts';
import type { Settings } from '../../lambda/settings/index.ts';
import { type CommandIo, type Glyphs, type Output, terminalStyle } from '../terminal/index.ts';
import type { Checked } from './run.ts';

export type OutputFormat = 'table' | 'line' | 'json' | 'ndjson' | 'prometheus' | 'nagios';

/** Formats that print a host as soon as it has been judged. */
export const isStream = (format: OutputFormat): format is 'line' | 'ndjson' => format === 'line' || format === 'ndjson';

/** A JSON document of so many hosts is written while they are checked, not held until the end. */
const JSON_STREAMED_FROM = 1_000;

/** From how many hosts on the report needs none of them at its end: they have been printed, each as it was judged. */
export function streamsFrom(format: OutputFormat): number {
  if (isStream(format)) return 0;
  return format === 'json' ? JSON_STREAMED_FROM : Number.POSITIVE_INFINITY;
}

/** Writes a JSON document host by host. @param isShown the hosts that are printed; with none of them, nothing is */
export function jsonStream(
  { stdout }: Pick<CommandIo, 'stdout'>,
  source: Report['source'],
  isShown: (instance: InstanceReport) => boolean,
) {
  let shown = 0;
  return {
    assessed(instance: InstanceReport, began: Date): void {
      if (!isShown(instance)) return;
      const isFirst = shown === 0;
      shown += 1;
      if (isFirst) stdout.write(streamedJson.begin({ checkedAt: isoSeconds(began), source }));
      stdout.write(streamedJson.instance(instance, isFirst));
    },
    end(report: Report): void {
      if (shown > 0) stdout.write(`${streamedJson.end(report)}\n`);
    },
  };
}

export function streamedLine(
  format: 'line' | 'ndjson',
  instance: InstanceReport,
  began: Date,
  source: Report['source'],
): string {
  return format === 'line' ? instanceLine(instance) : instanceJson(instance, { checkedAt: isoSeconds(began), source });
}

/** Width, colours and glyphs of a terminal; bars are drawn where the locale names UTF-8. */
export function tableStyle(output: Output, env: CommandIo['env']) {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  const glyphs: Glyphs = /utf-?8/i.test(locale) ? 'unicode' : 'ascii';
  return { ...terminalStyle(output, env), glyphs: output.isTTY === true ? glyphs : null };
}

/** Prints the report at the end; for a stream only why hosts were skipped, on stderr. */
export async function printReport(
  format: OutputFormat,
  { report, login }: Checked,
  settings: Settings,
  { stdout, stderr, env }: CommandIo,
): Promise<void> {
  switch (format) {
    case 'table': {
      const { reportLines } = await import('../terminal/index.ts');
      const lines = reportLines(report, { ...tableStyle(stdout, env), now: new Date(), login });
      writeLines(stdout, lines);
      return;
    }
    case 'json':
      stdout.write(`${reportJson(report)}\n`);
      return;
    case 'prometheus': {
      const { prometheusText } = await import('../../lambda/report/index.ts');
      stdout.write(prometheusText(report));
      return;
    }
    case 'nagios': {
      const { pluginOutput } = await import('../../lambda/report/index.ts');
      stdout.write(`${pluginOutput(report, settings)}\n`);
      return;
    }
    case 'line':
    case 'ndjson':
      for (const { name, why } of report.skipped) {
        stderr.write(`crawlwatch: skipped ${forTerminal(name)}: ${forTerminal(why)}\n`);
      }
      return;
  }
  format satisfies never;
}

/** Large enough that a fleet takes few calls. */
const WRITTEN_AT_ONCE = 64 * 1024;

function writeLines(to: Output, lines: Iterable<string>): void {
  let text = '';
  for (const line of lines) {
    text += `${line}\n`;
    if (text.length < WRITTEN_AT_ONCE) continue;
    to.write(text);
    text = '';
  }
  to.write(text);
}
