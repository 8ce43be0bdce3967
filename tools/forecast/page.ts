/** docs/forecast.md: what the forecast goes by, and how it does beside its rivals. Only its tables are measured. */

/** As many hosts of each family as the page is made from: below forty, chance weighs more than the rules do. */
export const PER_FAMILY = 40;
/** Nothing was tuned on these. */
export const SEEDS = [41, 42, 43] as const;

/** The page's tables by name, as `tablesIn` reads them back. */
export type Tables = ReadonlyMap<string, string>;

/** Those that need no recordings. */
export const MADE = ['base', 'shifted and harsh', 'hard', 'floors', 'less'] as const;
/** Those of recordings; a run without them leaves these as they are, with the day on which they were measured. */
export const RECORDED = ['leaks', 'machines', 'machines that live low', 'less on recordings'] as const;

const NOT_MEASURED = 'Not measured.';

/** A table of recordings, which a later run without them keeps: so it says when it was made. */
export const dated = (table: string, now: Date): string => `Measured on ${now.toISOString().slice(0, 10)}.\n\n${table}`;

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

Made by \`npm run docs:forecast\`, or \`npm run docs:forecast -- FOLDER\` for the tables of recordings too; without FOLDER those stay as they were last measured, each with its date. The forecast is the code that the scheduled check runs, fed sample by sample, the past before three hours as hourly minima. Your own recordings count for more than all of this: \`crawlwatch backtest FILE\` scores them in the same way.

A rule is on while it says "soon"; stretches closer than 30 minutes (disk: 2 h) are one alarm. An alarm is false if nothing runs out within 12 h of its end (disk: 72 h). Of the false ones some are early: memory did run out, within 24 h.

## What it goes by

A line through the last hour warns of every sawtooth, job and daily wave; a threshold of every host that lives near it. What separates a fatal fall from a habitual one is whether the host has been this low before and come back.

| rule | why |
| --- | --- |
| It speaks only well below the lowest level that the host has survived in a week, up to ten hours ago (disk: two weeks, up to a day ago), and then by level or by the trend of the last hour. | A trend test agrees with every sawtooth: those are real trends, only not fatal ones. |
| **It begins while the fall goes on.** By the trend of the hour it begins only at a sample that is not above any of the quarter of an hour before. | A step to a new level is a trend for an hour after it has ended. On three seeds of another generator that were not looked at before, a sixth fewer false alarms (base 0.112 to 0.098 a host-week, shifted 0.108 to 0.095, early ones left out), for two to eight ends in a thousand. |
| **A drop has to last.** A fall of 15 points within half an hour, half of it in one check, counts after half an hour. | On real virtual machines two in three false alarms are single drops, most of them over within half an hour. Waiting costs no end that it could have forecast: what falls at once and goes on falling is gone before anybody could act. |
| **One dip proves little.** A low counts in full once the host was as low again two hours later or more, or stayed as low that long; one that came once counts by four tenths. | Half an hour at 7 %, three days before the end, silenced the forecast until it was too late. A low that lasts, or comes again, is a habit. Not to count a single one at all makes a fifth more false alarms. |
| **What was survived is judged by evidence.** A low that ended in a boot, an OOM kill, a restart of the worker, silence, or a leap out of the last 5 % was not survived, nor was anything in the ten hours before. What the host came back from earlier is known still (of a disk nothing is). A trend whose window holds such an end is only compared with 10 %, as that of a host in its first day. The times of boots, kills and remedies are kept for a week. | Otherwise the gate learns that a fatal level is safe. It used to forget the whole week, and was then silent above 7 % for a day: with its past known it catches six ends more in a thousand on rough hosts, and there is no false alarm more; and a host that lives low need not be learned again after each leap, so that the machines below have fewer than half the alarms. |
| **What jobs took comes back.** Above 8 % available it doesn't begin by level or by the hour where processes that were not there before took half of what was lost or more. The envelope may still speak. | A job gives back what it took as it ends. Nothing is held back where the processes are not known, nor where they explain less. |
| **The lower envelope.** Minima of two hours over half a day, by a line that passes over single ones, reach the floor within four hours; once it speaks it goes by them also while there is plenty between two jobs. | Jobs that come and go hide a floor that rises under them. |
| **It speaks on for two hours.** | What comes and goes within two hours is one trouble and should be one mail. |
| **Hosts that live low are learned.** Below 8 % in 24 different hours of the week without an end: then it goes by what the host has lived through, down to 1 %, and its floor is seven tenths of that. | Some live between 2 and 8 % for weeks. They alarm once, in their first day and a half, until that is known. |
| **Of those one sample is enough** where it is below 0.85 of all that the host has lived through. | So close to the floor a second sample in five minutes is often too late: of those that go in the end it catches a fifth more, for a twentieth more alarms. |

Left out, since it doesn't help: a longer memory of lows, which is silent on real ends; three samples in a row always; sampling every minute by itself; speaking at the first sample that is very deep (four in ten more false alarms on the virtual machines, and hardly an end more). Tried without success: three samples in a row above 17 % (a tenth fewer false alarms, for an end in a hundred); a single sample where the fall grows faster (one in a hundred ends more, for as many false alarms as the rule above saves); a slack for the host's own noise in that rule (half of what it saves).

Swap and pressure (PSI) have no recordings to measure them on, and decide nothing here: a forecast of memory says how much swap is left, how fast it fills, and that tasks wait already. Pressure has its own reason, \`MemoryPressure\`.

## Synthetic hosts

${PER_FAMILY} of each family for each of the seeds ${SEEDS.join(', ')}, a week of memory or two weeks of disk, a sample every five minutes. The rules were tuned on other seeds and by another generator. The first line of each resource is the forecast, below it the usual rules on the same hosts.

${block(tables, 'base')}

Other ranges of the same families (noise by 1.4, durations by a half to two, more samples lost), and twice the noise on a lossy link:

${block(tables, 'shifted and harsh')}

Cases that those hardly have: half an hour at 7 % a day and a half to four days before the end; hosts that live at 2 to 8 % for four weeks, and such that go in the end; jobs on a floor that rises to the end, and on one that stops rising.

Of jobs over a rising floor 39 of 120 are missed: the end is one more job, which takes 6 to 25 % within minutes while the floor is far from its own end. In 33 of the 39 the host came well below what it had come back from only in the last 20 minutes; to warn of those earlier is to warn of every job. Of the hosts that live low and go, 31 of 120 are missed: in 30 of them it had come back from less until 20 minutes before the end or less, since this family lives down to 1.5 % and ends at 0.4 %.

${block(tables, 'hard')}

Real processes rather than curves (test/fixtures/traces/floors.jsonl.gz): node and python take jobs of 8 to 45 MiB in 192 MiB and free them; \`floor_leak\` keeps some of each, \`floor_cache\` up to a bound. Resident memory every half second, stretched 600 times, so that a sample is five minutes; the end is where a job no longer fits.

${block(tables, 'floors')}

What each rule buys, on the first of the seeds. In brackets the hours of false alarm in a host-week: on a host that lives low one alarm that never ends is one, too.

${block(tables, 'less')}

## Recorded hosts

FOLDER holds \`*.jsonl\` or \`*.jsonl.gz\`, traces as \`crawlwatch backtest\` reads them, and \`rnd/2013-7/1.csv\` and so on: 500 virtual machines of [GWA-T-12 Bitbrains](http://gwa.ewi.tudelft.nl/datasets/gwa-t-12-bitbrains), three months, every five minutes. Neither is part of this project, since that source names no licence.

Real leaks: processes (node, ruby, python, C, the JVM, tmpfs, forks) in memory of 192 MiB, sampled every half second and stretched 600 times, so that a sample is five minutes. WHO GREW compares whom each alarm names as it begins with who by hindsight took most, up to the alarm's lowest point. Families of \`leak_t\` were built to come low and stay healthy. Of these 55 recordings the rules were chosen in full view. Where \`procs\` are recorded the forecast sees them, as in the check; its rivals can't.

${block(tables, 'leaks')}

The machines with even numbers. They were kept back while rules were chosen on the odd ones, but have been measured before, twice, between versions of the rules: no blind test any more. For this version rules were chosen on odd machines alone; none of them is known to have run out, so that every alarm counts as false. What the hypervisor calls active memory is burstier than what Linux calls available.

${block(tables, 'machines')}

The same machines as if they lived low: four weeks of each, its samples in their order of size spread from 2 to 10 %.

${block(tables, 'machines that live low')}

${block(tables, 'less on recordings')}

The estimate of the minutes is rough: in half of the cases it took between 0.9 and 3 times as long. So mails and tables show a range.
`;
