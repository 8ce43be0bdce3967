/**
 * Reads a host's reply. Where a login was accepted and no script of ours has begun to run, its own words say why: a forced
 * command, a shell that is none, a rule of PAM.
 */
import { endpointOf, quoteWords } from '../kit/index.ts';
import type { Instance, ProbeOutcome, Reply } from '../model/index.ts';
import type { Settings } from '../settings/index.ts';
import { parseCutShort } from './cut-short.ts';
import { parseVitals, saysCannotFork } from './parse-vitals.ts';
import { hasBegun, refusalIn, refusedSentence, wordsOf } from './refusal.ts';

type Failed = Extract<ProbeOutcome, { kind: 'failed' }>;
type Output = Extract<Reply, { kind: 'output' }>;
type Limits = Pick<Settings, 'disk' | 'memory' | 'pressure'>;
type Answered = Pick<Instance, 'address' | 'name' | 'login' | 'worker'>;

/** Characters of what came in place of a report. */
const QUOTED = 120;
/** 128 and SIGKILL: how a shell reports that a process was killed from outside, by the kernel where memory is gone. */
const KILLED = 137;

export function readReply(reply: Reply, host: Answered, settings: Limits): ProbeOutcome {
  if (reply.kind === 'output') return readOutput(reply, host, settings);
  const outcome = parseCutShort(reply, host.worker, settings);
  const { output = '', errors = '' } = reply;
  if (outcome.kind !== 'failed' || hasBegun(output)) return outcome;
  return withWords(outcome, output, errors, host);
}

function readOutput({ output, errors = '', exitStatus }: Output, host: Answered, { disk }: Limits): ProbeOutcome {
  const read = parseVitals(output, host.worker, disk.ignore ?? []);
  if (read.kind !== 'failed' || read.reason !== 'Unparsable') return read;
  if (exitStatus === KILLED && refusalIn(`${output}\n${errors}`) === null) return killed(host);
  if (hasBegun(output)) return withSample(read, output);
  if (saysCannotFork(errors)) {
    return { ...read, reason: 'ForkFailed', text: 'The host could start no process, not even the probe.' };
  }
  if (exitStatus === undefined) return withSample(read, output);
  const refusal = refusalIn(`${errors}\n${output}`);
  const words = wordsOf(output, errors, refusal);
  const text = refusedSentence(endpoint(host), words, refusal, `ended with status ${exitStatus}`);
  return { kind: 'failed', reason: 'ExecRefused', text };
}

/**
 * A session that was cut off before our script had begun. Only words of a known kind make it a refusal: a host that printed
 * its motd and then hung is a hung host, and the words are quoted.
 */
function withWords(outcome: Failed, output: string, errors: string, host: Answered): ProbeOutcome {
  if (outcome.reason !== 'CommandTimeout' && outcome.reason !== 'ConnectionLost') return outcome;
  const refusal = refusalIn(`${errors}\n${output}`);
  const words = wordsOf(output, errors, refusal);
  if (refusal !== null) {
    return { kind: 'failed', reason: 'ExecRefused', text: refusedSentence(endpoint(host), words, refusal, null) };
  }
  return words === '' ? outcome : { ...outcome, text: `${unended(outcome.text)}; it had said ${quoteWords(words)}.` };
}

const killed = (host: Answered): Failed => ({
  kind: 'failed',
  reason: 'ConnectionLost',
  text: `The probe on ${endpoint(host)} was killed (status ${KILLED}) before it had ended.`,
});

/** What came in place of a report. */
const withSample = (read: Failed, output: string): Failed =>
  output.trim() === '' ? read : { ...read, text: `${unended(read.text)}; it begins ${quoteWords(output, QUOTED)}.` };

const unended = (sentence: string): string => sentence.replace(/\.$/, '');

const endpoint = ({ address, name, login }: Answered): string =>
  address === null ? name : endpointOf(address, login.port);
