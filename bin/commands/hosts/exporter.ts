/** `crawlwatch exporter`: a watch whose last check is served as /metrics, for Prometheus. It only reads. */
import { once } from 'node:events';
import { hostname } from 'node:os';
import type { CommandIo } from '../../terminal/index.ts';
import type { RepeatFlags } from '../../watch/index.ts';
import { addSources, type CommandLine, everyOption, SOURCES_HELP } from '../grammar.ts';

const HELP = `
The line on stderr has what to put into prometheus.yml. Hosts are asked every --every seconds, however often they are
scraped. Until the first check is done /metrics is 503; where a later one can't be made, the last is served with
crawlwatch_check_success 0 and its time in crawlwatch_last_check_timestamp_seconds. Ctrl-C and SIGTERM end it, exit
code 0. Where the first check can't be made, or the port is in use, it ends with 3.
${SOURCES_HELP}

Examples:
  crawlwatch exporter -i hosts.ini -u ubuntu
  crawlwatch exporter --host web1 web2 --listen :9500 --every 30
  crawlwatch exporter --aws --listen '[::1]:9469'
  crawlwatch exporter --local --listen 0.0.0.0:9469     for a Prometheus elsewhere: anyone can read it`;

interface ExporterFlags extends RepeatFlags {
  readonly listen: string;
}

export function addExporter({ program, io, exit }: CommandLine): void {
  addSources(program.command('exporter').description("a watch whose last check is served as Prometheus' /metrics"))
    .addOption(everyOption())
    .option('--listen <address>', 'HOST:PORT, or :PORT for this machine alone; 0.0.0.0:PORT for everyone', ':9469')
    .addHelpText('after', HELP)
    .action(async (flags: ExporterFlags) => exit(await serve(flags, io)));
}

/** Runs until it is interrupted. @throws what prevents the first check. */
async function serve(flags: ExporterFlags, io: CommandIo): Promise<number> {
  const { exporterView, openText, parseListen, startExporter, startText } = await import('../../exporter/index.ts');
  const { repetitionOf, runWatch, WatchState } = await import('../../watch/index.ts');
  const listen = parseListen(flags.listen);
  const repetition = await repetitionOf(flags, io);
  io.untilInterrupted?.();
  const exporter = await startExporter(listen);
  try {
    const state = new WatchState();
    const view = exporterView(state, io, {
      serve: exporter.serve,
      begun() {
        io.stderr.write(`crawlwatch: ${startText(exporter.at, hostname())}\n`);
        if (exporter.isOpen) io.stderr.write(`crawlwatch: ${openText(exporter.at)}\n`);
      },
    });
    const watch = runWatch({ state, view }, flags, repetition, io);
    // Hosts that are being asked are not waited for.
    await Promise.race([watch, interrupted(io.signal)]);
    return 0;
  } catch (error) {
    if (io.signal.aborted) return 0;
    throw error;
  } finally {
    await exporter.close();
  }
}

const interrupted = async (signal: AbortSignal): Promise<unknown> => signal.aborted || once(signal, 'abort');
