/** A check's report for machines and scripts: JSON, one line a host, Prometheus, Nagios, CloudWatch metrics. */
export { exitCodeOf, inOrder, instanceJson, reportJson, summarise } from './json.ts';
export { instanceLine } from './line.ts';
export { logFields } from './log.ts';
export { metricPoints } from './metrics.ts';
export { pluginLine, pluginTrouble } from './nagios.ts';
export { prometheusText } from './prometheus.ts';
export { recordSchema, reportSchema } from './schema.ts';
