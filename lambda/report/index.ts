/** A report for people and machines: JSON, line, table columns, Prometheus, Nagios, metrics. */
export { bold, painted, type TableStyle, type Trends, tableLines } from './columns.ts';
export { troubleBlocks } from './details.ts';
export { exitCodeOf, inOrder, instanceJson, reportJson, summarise } from './json.ts';
export { instanceLine } from './line.ts';
export { metricPoints } from './metrics.ts';
export { pluginLine, pluginTrouble } from './nagios.ts';
export { reportMetrics } from './prometheus.ts';
export { countsText, reportTable, summaryLine } from './table.ts';
