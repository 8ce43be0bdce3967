/** A report for people and machines: JSON, the seed's line, Prometheus, Nagios, and CloudWatch's metrics. */
export { exitCodeOf, inOrder, instanceJson, reportJson, summarise } from './json.ts';
export { instanceLine } from './line.ts';
export { metricPoints } from './metrics.ts';
export { pluginLine, pluginTrouble } from './nagios.ts';
export { reportMetrics } from './prometheus.ts';
export { recordSchema, reportSchema } from './schema.ts';
