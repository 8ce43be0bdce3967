/**
 * Keeps secrets out of what people and logs see. A key that was pasted where a path, an ARN or a name belongs would
 * otherwise be quoted by the very error that refuses it. It goes by the marks that issuers give their secrets.
 */

interface SecretKind {
  /** How it is named in its place, e.g. `a private key`. */
  readonly name: string;
  readonly pattern: RegExp;
  /** Whether what matches by its form alone is likely to be one. */
  readonly isOne?: (text: string) => boolean;
}

/** A private key whose end is missing takes all that follows it along: better a message cut short than half a key. */
const KINDS: readonly SecretKind[] = [
  // RFC 7468 (PKCS#8), RFC 1421 (PKCS#1, SEC1), OpenSSH's PROTOCOL.key. None of them holds a quotation mark.
  {
    name: 'a private key',
    pattern: /-{4,5} ?BEGIN [A-Z0-9 ]*PRIVATE KEY(?:[^"]*?END [A-Z0-9 ]*PRIVATE KEY ?-{4,5}|[^"]*)/g,
  },
  { name: 'a private key', pattern: /PuTTY-User-Key-File-\d(?:[^"]*?Private-MAC: *[0-9a-f]+|[^"]*)/g },
  // Their bodies alone: `openssh-key-v1`, and ASN.1 that begins as PKCS#8, PKCS#1, SEC1 and encrypted PKCS#8 do.
  {
    name: 'a private key',
    pattern:
      /(?<![A-Za-z0-9+/])(?:b3BlbnNzaC1rZXktdjE|MII[\w+/]{3}IBA|MI[GH][\w+/]AgEAM|M(?:C4|Ec)CAQAwBQYDK2V|MHcCAQEEI|MI(?:Gk|Hc)AgEBB|MI[\w+/]{2,12}(?:BgkqhkiG9w0BBQ0|GCSqGSIb3DQEFDT))(?:[\w+/=]|\s|\\+[nr])*/g,
  },
  { name: 'a private key', pattern: /AGE-SECRET-KEY-1[A-Z0-9]+/g },
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes
  { name: 'an AWS access key id', pattern: /(?<![A-Za-z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}(?![A-Za-z0-9])/g },
  { name: 'an AWS session token', pattern: /(?<![A-Za-z0-9+/])(?:IQoJ|FwoG|FQoG)[A-Za-z0-9+/=]{40,}/g },
  {
    name: 'a webhook URL',
    pattern:
      /https?:\/\/(?:hooks\.slack(?:-gov)?\.com\/|(?:\w+\.)?discord(?:app)?\.com\/api\/(?:v\d+\/)?webhooks\/|[\w.-]+\.webhook\.office\.com\/|outlook\.office\.com\/webhook|[\w.-]+\.logic\.azure\.(?:com|us|cn)[:/]|[\w.-]+\.api\.powerplatform\.com[:/]|chat\.googleapis\.com\/v1\/spaces\/|api\.telegram\.org\/bot|events\.pagerduty\.com\/(?:integration|x-ere)\/|hooks\.zapier\.com\/|hooks\.chime\.aws\/|api\.opsgenie\.com\/|alert\.victorops\.com\/)[^\s"'<>]*/g,
  },
  {
    name: 'the address of a watchdog',
    pattern:
      /https?:\/\/(?:hc-ping\.com\/|(?:[\w.-]+\.)?healthchecks\.io\/ping\/|nosnch\.in\/|cronitor\.link\/|uptime\.betterstack\.com\/api\/v1\/heartbeat\/|[\w.-]+(?::\d+)?\/(?:api\/push\/|ping\/(?=[0-9a-f-]{20})))[^\s"'<>]*/g,
  },
  { name: 'a URL with a password', pattern: /[a-z][a-z0-9+.-]*:\/\/[^\s/:@"'<>]*:[^\s/@"'<>]+@[^\s"'<>]*/gi },
  {
    name: 'a URL with a token',
    pattern:
      /https?:\/\/[^\s"'<>]*[?&](?:access_?token|token|api_?key|key|secret|sig|signature|password|x-amz-signature|x-amz-security-token)=[^\s"'<>]{8,}/gi,
  },
  {
    name: 'a token',
    pattern:
      /(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abeoprs]-[\w-]{10,}|xapp-\d-[\w-]{10,}|sk_(?:live|test)_\w{16,}|sk-(?:ant|proj|svcacct)-[\w-]{20,}|sk-[A-Za-z0-9]{32,}|npm_[A-Za-z0-9]{30,}|SG\.[\w-]{16,}\.[\w-]{16,}|AIza[\w-]{30,}|hv[sb]\.[\w-]{20,}|dop_v1_[0-9a-f]{32,}|eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,})/g,
  },
  // SigV4's scope, which AWS quotes where it refuses a signature: whatever was given for a key id is in it.
  {
    name: 'an AWS signature',
    pattern: /Credential=[^,\s]+(?:,? ?SignedHeaders=[^,\s]+)?(?:,? ?Signature=[0-9a-f]*)?/g,
  },
  {
    name: 'an AWS secret access key',
    // Behind a slash, as in a path; but one of base64 may be the end of a fingerprint or of a public key.
    pattern:
      /(?<![\w+/.]|\w-)[A-Za-z0-9+/]{40}(?![\w+/=-]|\.\w)|(?<=\/)(?<!(?:SHA256:|AAAA)[A-Za-z0-9+/]{0,2000})[A-Za-z0-9+]{40}(?=[/\s]|$)/g,
    // Forty characters of base64 with all three kinds among them are hardly a path, and no hash in hexadecimal.
    isOne: (text) => /[A-Z]/.test(text) && /[a-z]/.test(text) && /[0-9]/.test(text),
  },
];

/** The text with each secret replaced by `[its kind]`. */
export const withoutSecrets = (text: string): string =>
  KINDS.reduce(
    (rest, { name, pattern, isOne }) =>
      rest.replace(pattern, (found) => (isOne === undefined || isOne(found) ? `[${name}]` : found)),
    text,
  );

/** What kind of secret a text is or holds, e.g. `a private key`; null: none that is known. */
export function secretIn(text: string): string | null {
  const kind = KINDS.find(({ pattern, isOne }) =>
    [...text.matchAll(pattern)].some(([found]) => isOne === undefined || isOne(found)),
  );
  return kind?.name ?? null;
}

/** A value as an error quotes it: JSON, or the kind of the secret that it is or holds. */
export function shown(value: unknown): string {
  const json = JSON.stringify(value) ?? 'nothing';
  // The text itself: JSON escapes its line breaks.
  const secret = (typeof value === 'string' ? secretIn(value) : null) ?? secretIn(json);
  return secret ?? json;
}
