/**
 * The dimensions under which an instance's metrics are published and read back. All are published at home; where an
 * instance elsewhere is, its series says.
 */
import type { Instance, MetricDimensions, Whereabouts } from '../model/index.ts';

export function metricDimensions({ id, name, ...where }: Named & Partial<Whereabouts>): MetricDimensions {
  const own = { InstanceId: id, Name: PRINTABLE.test(name) ? name : id };
  if (where.elsewhere !== true) return own;
  return { ...own, Region: where.region ?? UNKNOWN, Account: where.account ?? UNKNOWN };
}

/** CloudWatch refuses a whole request for one dimension that isn't printable ASCII (PutMetricData, Dimension). */
const PRINTABLE = /^(?=.*[!-~])[ -~]{1,255}$/;

type Named = Pick<Instance, 'id' | 'name'>;

/** A dimension can't be empty. */
const UNKNOWN = 'unknown';
