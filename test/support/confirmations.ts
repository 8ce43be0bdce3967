/** What a second look at an instance came to, for tests. */

import { type Evidence, NO_EVIDENCE_YET } from '../../lambda/flag/evidence/index.ts';
import type { Confirmation } from '../../lambda/flag/plan.ts';
import type { EvidenceItem, EvidenceKind, RawEvidence } from '../../lambda/model/index.ts';

export const item = (text: string, kind: EvidenceKind = 'EC2'): EvidenceItem => ({ kind, text });

export const withEvidence = (evidence: Partial<Evidence>): Confirmation => ({
  confirmed: true,
  evidence: { ...NO_EVIDENCE_YET, ...evidence },
});
/** Everybody was asked, and nobody knows more. */
export const NOBODY_ELSE: Confirmation = withEvidence({});
export const IMPAIRED: Confirmation = withEvidence({ direct: [item("EC2's own status check (impaired)")] });
export const WAS_EXHAUSTED: Confirmation = withEvidence({
  circumstantial: [item('its memory at its last answer (2 % available)', 'last figures')],
});
export const WORKING: Confirmation = withEvidence({ against: [item('it sends as it usually does', 'hypervisor')] });

/** Asked, and nothing known. */
export const NOTHING_KNOWN: RawEvidence = {
  impaired: [],
  console: null,
  hypervisor: [],
  lastGood: null,
  memoryEndsAt: null,
  gaps: [],
};
