/** The evidence for a hang, direct or circumstantial, and against it: one file a kind. */
export {
  type Evidence,
  evidenceSentences,
  freshEvidence,
  NO_EVIDENCE_YET,
  strengthOf,
  weigh,
} from './evidence.ts';
export { PERIOD_MS, USUAL_MS } from './hypervisor.ts';
