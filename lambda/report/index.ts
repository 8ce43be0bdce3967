/** A check's report for machines and scripts: JSON, one line a host, Prometheus, Nagios, CloudWatch metrics. */
export { publishMetrics } from './cloudwatch.ts';
export { countFleet, type FleetCounts } from './counts.ts';
export {
  exitCodeOf,
  exitCodeOfCheck,
  inOrder,
  instanceJson,
  reportJson,
  startSummary,
  streamedJson,
  summarise,
} from './json.ts';
export { instanceLine } from './line.ts';
export { logFields } from './log.ts';
export { metricPoints, publishedPoints } from './metrics.ts';
export { pluginOutput, pluginTrouble } from './nagios.ts';
export { exporterText, prometheusText } from './prometheus.ts';
export { recordSchema, reportSchema } from './schema.ts';
