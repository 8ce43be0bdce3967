/** docs/forecast.md: what the forecast goes by, and how it does beside its rivals. Only its tables are measured. */

/** As many hosts of each family as the page is made from: below forty, chance weighs more than the rules do. */
export const PER_FAMILY = 40;
/** Nothing was tuned on these. */
export const SEEDS = [41, 42, 43] as const;

/** The page's tables by name, as `tablesIn` reads them back. */
export type Tables = ReadonlyMap<string, string>;

/** Those that need no recordings. */
export const MADE = ['base', 'shifted and harsh', 'hard', 'floors', 'less'] as const;
/** Those of recordings; a run without them leaves these as they are. */
export const RECORDED = ['leaks', 'machines', 'machines that live low', 'less on recordings'] as const;

const NOT_MEASURED = 'Not measured.';

/** A table between marks that Markdown doesn't show. */
const block = (tables: Tables, name: string): string =>
  `<!-- ${name} -->\n\n${tables.get(name) ?? NOT_MEASURED}\n\n<!-- end -->`;

/** The tables of a page that was written before. */
export function tablesIn(page: string): Map<string, string> {
  const tables = new Map<string, string>();
  for (const [, name = '', table = ''] of page.matchAll(/<!-- ([^>]+) -->\n\n(.*?)\n\n<!-- end -->/gs)) {
    if (table !== NOT_MEASURED) tables.set(name, table);
  }
  return tables;
}

export const forecastPage = (tables: Tables): string => `# The forecast, measured

For the person who wonders whether to believe a warning: how often the forecast is right, early or wrong, beside simpler rules.

Made by \`npm run docs:forecast\`, or \`npm run docs:forecast -- FOLDER\` for the tables of recordings too. The forecast is the code that the scheduled check runs, fed sample by sample, the past before three hours as hourly minima. Your own recordings count for more than all of this: \`crawlwatch backtest FILE\` scores them in the same way.

A rule is on while it says "soon"; stretches closer than 30 minutes (disk: 2 h) are one alarm. An alarm is false if nothing runs out within 12 h of its end (disk: 72 h). Of the false ones some are early: memory did run out, within 24 h.

## What it goes by

A line through the last hour warns of every sawtooth, job and daily wave; a threshold of every host that lives near it. What separates a fatal fall from a habitual one is whether the host has been this low before and come back.

| rule | why |
| --- | --- |
| It speaks only well below the lowest level that the host has survived in a week, up to ten hours ago (disk: two weeks, up to a day ago), and then by level or by the trend of the last hour. | A trend test agrees with every sawtooth: those are real trends, only not fatal ones. |
| **A drop has to last.** A fall of 15 points within half an hour, half of it in one check, counts after half an hour. | On real virtual machines two in three false alarms are single drops, most of them over within half an hour. Waiting costs no end that it could have forecast: what falls at once and goes on falling is gone before anybody could act. |
| **One dip proves little.** A low counts in full once the host was as low again two hours later or more, or stayed as low that long; one that came once counts by four tenths. | Half an hour at 7 %, three days before the end, silenced the forecast until it was too late. A low that lasts, or comes again, is a habit. Not to count a single one at all makes a fifth more false alarms. |
| **What was survived is judged by evidence.** A low that ended in a boot, an OOM kill, a restart of the worker, silence, or a leap out of the last 5 % was not survived. | Otherwise the gate learns that a fatal level is safe. |
| **What jobs took comes back.** Above 8 % available it doesn't begin by level or by the hour where processes that were not there before took half of what was lost or more. The envelope may still speak. | A job gives back what it took as it ends. Nothing is held back where the processes are not known, nor where they explain less. |
| **The lower envelope.** Minima of two hours over half a day, by a line that passes over single ones, reach the floor within four hours; once it speaks it goes by them also while there is plenty between two jobs. | Jobs that come and go hide a floor that rises under them. |
| **It speaks on for two hours.** | What comes and goes within two hours is one trouble and should be one mail. |
| **Hosts that live low are learned.** Below 8 % in 24 different hours of the week without an end: then it goes by what the host has lived through, down to 1 %, and its floor is seven tenths of that. | Some live between 2 and 8 % for weeks. They alarm once, in their first day and a half, until that is known. |

Left out, since it doesn't help: a longer memory of lows, which is silent on real ends; three samples in a row always; sampling every minute by itself; speaking at the first sample that is very deep (four in ten more false alarms on the virtual machines, and hardly an end more). Swap and pressure (PSI) have no recordings to measure them on, and decide nothing here: pressure has its own reason, \`MemoryPressure\`.

## Synthetic hosts

${PER_FAMILY} of each family for each of the seeds ${SEEDS.join(', ')}, a week of memory or two weeks of disk, a sample every five minutes. The rules were tuned on other seeds and by another generator. The first line of each resource is the forecast, below it the usual rules on the same hosts.

${block(tables, 'base')}

Other ranges of the same families (noise by 1.4, durations by a half to two, more samples lost), and twice the noise on a lossy link:

${block(tables, 'shifted and harsh')}

Cases that those hardly have: half an hour at 7 % a day and a half to four days before the end; hosts that live at 2 to 8 % for four weeks, and such that go in the end; jobs on a floor that rises to the end, and on one that stops rising.

${block(tables, 'hard')}

Real processes rather than curves (test/fixtures/traces/floors.jsonl.gz): node and python take jobs of 8 to 45 MiB in 192 MiB and free them; \`floor_leak\` keeps some of each, \`floor_cache\` up to a bound. Resident memory every half second, stretched 600 times, so that a sample is five minutes; the end is where a job no longer fits.

${block(tables, 'floors')}

What each rule buys, on the first of the seeds. In brackets the hours of false alarm in a host-week: on a host that lives low one alarm that never ends is one, too.

${block(tables, 'less')}

## Recorded hosts

FOLDER holds \`*.jsonl\` or \`*.jsonl.gz\`, traces as \`crawlwatch backtest\` reads them, and \`rnd/2013-7/1.csv\` and so on: 500 virtual machines of [GWA-T-12 Bitbrains](http://gwa.ewi.tudelft.nl/datasets/gwa-t-12-bitbrains), three months, every five minutes. Neither is part of this project, since that source names no licence.

Real leaks: processes (node, ruby, python, C, the JVM, tmpfs, forks) in memory of 192 MiB, sampled every half second and stretched 600 times, so that a sample is five minutes. Families of \`leak_t\` were built to come low and stay healthy. Of these 55 recordings the rules were chosen in full view. Where \`procs\` are recorded the forecast sees them, as in the check; its rivals can't.

${block(tables, 'leaks')}

The machines with even numbers; none of them is known to have run out, so that every alarm counts as false. What the hypervisor calls active memory is burstier than what Linux calls available.

${block(tables, 'machines')}

The same machines as if they lived low: four weeks of each, its samples in their order of size spread from 2 to 10 %.

${block(tables, 'machines that live low')}

${block(tables, 'less on recordings')}

The estimate of the minutes is rough: in half of the cases it took between 0.9 and 3 times as long. So mails and tables show a range.
`;
