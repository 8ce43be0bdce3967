/** `crawlwatch backtest`: replays recorded hosts through the forecast that the scheduled check runs. */
import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import type { BacktestResult, Observation, Trace } from '../backtest/index.ts';
import type { CommandIo } from '../terminal/index.ts';
import { UsageError } from '../terminal/index.ts';
import { type CommandLine, outputOption } from './grammar.ts';

const HELP = `
Examples:
  crawlwatch backtest week.ndjson                       what crawlwatch watch --record week.ndjson wrote
  crawlwatch backtest week.ndjson --alarms
  crawlwatch backtest traces.jsonl.gz -o json           gzipped, as a file or from a pipe`;

interface BacktestFlags {
  readonly output: 'table' | 'json';
  /** Print when the forecast alarms, one line a trace, instead of the scores. */
  readonly alarms?: boolean;
}

export function addBacktest({ program, io, exit }: CommandLine): void {
  program
    .command('backtest')
    .description('replay recorded memory and disks through the forecast, compared with simpler rules')
    .argument(
      '<file>',
      'JSON lines, gzipped or not: traces, or what check -o ndjson wrote over time; - is standard input',
    )
    .addOption(outputOption(['table', 'json'], 'table'))
    .option('--alarms', 'print instead when the forecast alarms, one line a trace')
    .addHelpText('after', HELP)
    .action(async (file: string, flags: BacktestFlags) => exit(await backtest(file, flags, io)));
}

/**
 * @param file JSON lines: traces, or instances as `watch --record` and `check -o ndjson` write them; `-` is stdin.
 * @returns 0. @throws UsageError that names file and line, where these can't be read.
 */
export async function backtest(file: string, flags: BacktestFlags, io: CommandIo): Promise<number> {
  const { alarmsLine, backtestJson, backtestTable, forecastUnder, namedIn, RIVALS, RIVALS_SEE_HOURS, replay, score } =
    await import('../backtest/index.ts');
  const { settingsFor } = await import('../settings/index.ts');
  const { forecast } = await settingsFor({}, io);
  const crawlwatch = forecastUnder(forecast.lookBelowPercent);
  const rules = { crawlwatch, ...RIVALS };
  const results: BacktestResult[] = [];
  let count = 0;
  for await (const trace of tracesIn(file, io)) {
    if (flags.alarms) io.stdout.write(alarmsLine(count, trace, replay(trace, crawlwatch)));
    else {
      const { family, resource } = trace;
      for (const [rule, predictor] of Object.entries(rules)) {
        const alarms = replay(trace, predictor, predictor === crawlwatch ? undefined : RIVALS_SEE_HOURS);
        const named = predictor === crawlwatch ? namedIn(trace, alarms) : null;
        results.push({ rule, family, resource, score: score(trace, alarms), named });
      }
    }
    count++;
  }
  if (count === 0) throw new UsageError(`${file}: nothing to replay: no line in it`);
  if (flags.alarms) return 0;
  const print = flags.output === 'json' ? backtestJson : backtestTable;
  io.stdout.write(print(results, Object.keys(rules)));
  return 0;
}

/** Yields traces as they are read, and after them the recorded instances, whose lines are scattered over the file. */
async function* tracesIn(file: string, io: CommandIo): AsyncGenerator<Trace> {
  const { readBacktestLine, tracesOf } = await import('../backtest/index.ts');
  const recorded = new Map<string, Observation[]>();
  let number = 0;
  for await (const text of linesIn(file, io)) {
    io.signal.throwIfAborted();
    number++;
    if (text.trim() === '') continue;
    const line = readBacktestLine(parse(text, `${file}:${number}`));
    switch (line.kind) {
      case 'trace':
        yield line.trace;
        break;
      case 'observation': {
        const earlier = recorded.get(line.observation.id);
        if (earlier) earlier.push(line.observation);
        else recorded.set(line.observation.id, [line.observation]);
        break;
      }
      case 'unreadable':
        throw new UsageError(`${file}:${number}: ${line.text}`);
      default:
        line satisfies never;
    }
  }
  for (const observations of recorded.values()) {
    io.signal.throwIfAborted();
    yield* tracesOf(observations);
  }
}

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${where}: not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function* linesIn(file: string, io: CommandIo): AsyncGenerator<string> {
  const { linesOf } = await import('../backtest/index.ts');
  try {
    yield* linesOf(file === '-' ? io.stdin : createReadStream(resolve(io.cwd, file)));
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`${file}: ${error.message}`);
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw new UsageError(`can't read ${file}: ${WHY_NOT[String(error.code)] ?? error.message}`);
  }
}

const WHY_NOT: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EISDIR: 'it is a directory',
  Z_BUF_ERROR: 'its gzip data is cut short',
  Z_DATA_ERROR: 'its gzip data is damaged',
};
