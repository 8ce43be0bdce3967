/** The three answers that a first check needs, and which files they become. Pure. */

/** `hosts`: named by the person; `aws`: EC2 instances with the watch tag. */
export type Answers =
  | { readonly where: 'hosts'; readonly hosts: readonly string[] }
  | { readonly where: 'aws'; readonly mail: string | null; readonly transport: 'ssm' | 'ssh' };

export const INVENTORY_FILE = 'inventory.ini';
export const CDK_FILE = 'cdk.json';

const EMAIL = /^[^\s@,]+@[^\s@,]+\.[^\s@,]+$/;
/** As `check --host` takes it: [user@]host[:port], an IPv6 address in brackets. */
const HOST = /^(?:([A-Za-z_][\w.-]{0,63})@)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9][\w.-]*)(?::(\d{1,5}))?$/;

/** Each reads one answer; what can't be read is a sentence that says what was got and what is allowed. */
export type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly why: string };
const good = <T>(value: T): Read<T> => ({ ok: true, value });
const got = (text: string): string => JSON.stringify(text.slice(0, 80));

export function readWhere(text: string): Read<'aws' | 'hosts'> {
  const word = text.trim().toLowerCase();
  if (word === '1' || word === 'aws' || word === 'ec2') return good('aws');
  if (word === '2' || word === 'hosts' || word === 'ssh') return good('hosts');
  return { ok: false, why: `got ${got(text)}; allowed: aws or hosts` };
}

export function readHosts(text: string): Read<readonly string[]> {
  const hosts = text.split(/[\s,]+/).filter((host) => host !== '');
  if (hosts.length === 0)
    return { ok: false, why: 'got none; allowed: [user@]host[:port], several with spaces between' };
  const bad = hosts.find((host) => !isHost(host));
  if (bad === undefined) return good([...new Set(hosts)]);
  return { ok: false, why: `got ${got(bad)}; allowed: [user@]host[:port], an IPv6 address in brackets` };
}

function isHost(text: string): boolean {
  const [match, , , port = '22'] = HOST.exec(text) ?? [];
  return match !== undefined && Number(port) >= 1 && Number(port) <= 65_535;
}

export function readMail(text: string): Read<string | null> {
  const mail = text.trim();
  if (mail === '' || mail.toLowerCase() === 'none') return good(null);
  return EMAIL.test(mail) ? good(mail) : { ok: false, why: `got ${got(mail)}; allowed: an e-mail address, or none` };
}

export function readTransport(text: string): Read<'ssm' | 'ssh'> {
  const word = text.trim().toLowerCase();
  if (word === '' || word === 'ssm') return good('ssm');
  return word === 'ssh' ? good('ssh') : { ok: false, why: `got ${got(text)}; allowed: ssm or ssh` };
}

/** An Ansible inventory of these hosts. */
export function inventoryOf(hosts: readonly string[]): string {
  const lines = hosts.map((host) => {
    const [, user, bracketed = host, port] = HOST.exec(host) ?? [];
    const name = bracketed.replace(/^\[|\]$/g, '');
    const parts = [
      ...(user === undefined ? [] : [`ansible_user=${user}`]),
      ...(port === undefined ? [] : [`ansible_port=${port}`]),
    ];
    // A colon in a name would be read as a port.
    return name.includes(':')
      ? [name.replace(/[:.]/g, '-'), `ansible_host=${name}`, ...parts].join(' ')
      : [name, ...parts].join(' ');
  });
  return `# Hosts that crawlwatch checks: crawlwatch check -i ${INVENTORY_FILE}\n[crawlers]\n${lines.join('\n')}\n`;
}

/** @param before the cdk.json that is there already, undefined where there is none: what it says otherwise stays */
export function cdkJsonOf({ mail, transport }: Extract<Answers, { where: 'aws' }>, before: unknown): string {
  const file = isRecord(before) ? before : {};
  const context = isRecord(file.context) ? file.context : {};
  const settings = isRecord(context.crawlwatch) ? context.crawlwatch : {};
  const crawlwatch = { ...settings, ...(mail !== null && { alertEmail: mail }), transport };
  return `${JSON.stringify({ ...file, context: { ...context, crawlwatch } }, null, 2)}\n`;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
