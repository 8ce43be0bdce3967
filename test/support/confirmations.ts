/** What a second look at an instance came to, for tests. */

import type { Evidence } from '../../lambda/flag/evidence.ts';
import type { Confirmation } from '../../lambda/flag/plan.ts';

const NOTHING: Evidence = {
  ec2Impaired: null,
  consoleLines: [],
  killedSince: false,
  lastGood: null,
  otherPath: null,
  gaps: [],
};
export const NOBODY_ELSE: Confirmation = { confirmed: true, evidence: null };
export const IMPAIRED: Confirmation = {
  confirmed: true,
  evidence: { ...NOTHING, ec2Impaired: true },
};
export const withEvidence = (evidence: Partial<Evidence>): Confirmation => ({
  confirmed: true,
  evidence: { ...NOTHING, ...evidence },
});
