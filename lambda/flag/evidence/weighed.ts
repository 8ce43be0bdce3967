import type { EvidenceItem, EvidenceKind } from '../../model/index.ts';

/** What one kind of evidence comes to. */
export interface Weighed {
  readonly direct?: readonly string[];
  /** Of what is direct: a host that is only cut off may give it too. */
  readonly flagsOnly?: boolean;
  readonly circumstantial?: readonly string[];
  readonly against?: readonly string[];
  /** What could not be asked and might speak against a hang, a sentence each. */
  readonly gaps?: readonly string[];
  /** Sentences that a person wants to read, whatever they are evidence of. */
  readonly notes?: readonly string[];
}

export const itemsOf = (kind: EvidenceKind, texts: readonly string[] = [], flagsOnly = false): EvidenceItem[] =>
  texts.map((text) => ({ kind, text, ...(flagsOnly && { flagsOnly }) }));
