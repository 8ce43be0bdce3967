/**
 * Whether packets get from the check to a host, and from a host to Systems Manager, by the rules that EC2 describes. Of
 * its answers only what is read here is named; an absent list is empty.
 */
import { failed, ok, type Step, unknown } from './diagnose.ts';

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html */
export interface GroupRule {
  readonly IpProtocol?: string | undefined;
  readonly FromPort?: number | undefined;
  readonly ToPort?: number | undefined;
  readonly IpRanges?: readonly { readonly CidrIp?: string | undefined }[] | undefined;
  readonly Ipv6Ranges?: readonly { readonly CidrIpv6?: string | undefined }[] | undefined;
  readonly UserIdGroupPairs?: readonly { readonly GroupId?: string | undefined }[] | undefined;
  readonly PrefixListIds?: readonly { readonly PrefixListId?: string | undefined }[] | undefined;
}

export interface Group {
  readonly GroupId?: string | undefined;
  readonly IpPermissions?: readonly GroupRule[] | undefined;
  readonly IpPermissionsEgress?: readonly GroupRule[] | undefined;
}

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NetworkAclEntry.html */
export interface AclEntry {
  readonly Egress?: boolean | undefined;
  readonly RuleNumber?: number | undefined;
  readonly RuleAction?: string | undefined;
  readonly Protocol?: string | undefined;
  readonly CidrBlock?: string | undefined;
  readonly PortRange?: { readonly From?: number | undefined; readonly To?: number | undefined } | undefined;
}

/** Who connects. */
export type Origin =
  /** The check function in its VPC, by its groups and the ranges of its subnets. */
  | { readonly kind: 'vpc'; readonly groupIds: readonly string[]; readonly cidrs: readonly string[] }
  /** The check function outside of any VPC: from addresses of AWS's that nobody can name. */
  | { readonly kind: 'internet' }
  /** Nobody knows from where. */
  | { readonly kind: 'unknown' };

const ANYWHERE = '0.0.0.0/0';

/** An IPv4 range as its first and last address; null for anything else. */
function rangeOf(cidr: string): readonly [number, number] | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(cidr);
  if (match === null) return null;
  const [a = 0, b = 0, c = 0, d = 0, bits = 0] = match.slice(1).map(Number);
  const size = 2 ** (32 - bits);
  const first = Math.floor((((a * 256 + b) * 256 + c) * 256 + d) / size) * size;
  return [first, first + size - 1];
}

/** Whether all of `inner` lies in `outer`. */
export function covers(outer: string, inner: string): boolean {
  const [wide, narrow] = [rangeOf(outer), rangeOf(inner)];
  return wide !== null && narrow !== null && wide[0] <= narrow[0] && narrow[1] <= wide[1];
}

/** `-1` is every protocol; 6 is TCP. A rule without ports is for all of them. */
const isForPort = ({ IpProtocol, FromPort, ToPort }: GroupRule, port: number): boolean =>
  IpProtocol === '-1' || (/^(tcp|6)$/.test(IpProtocol ?? '') && (FromPort ?? 0) <= port && port <= (ToPort ?? 65_535));

const rangesOf = (rule: GroupRule): string[] => [
  ...(rule.IpRanges ?? []).flatMap(({ CidrIp }) => CidrIp ?? []),
  ...(rule.Ipv6Ranges ?? []).flatMap(({ CidrIpv6 }) => CidrIpv6 ?? []),
];
const groupsOf = (rule: GroupRule): string[] => (rule.UserIdGroupPairs ?? []).flatMap(({ GroupId }) => GroupId ?? []);
const listsOf = (rule: GroupRule): string[] =>
  (rule.PrefixListIds ?? []).flatMap(({ PrefixListId }) => PrefixListId ?? []);

/** Whether any of the host's groups lets the check in on its port. Groups only allow; one that does is enough. */
export function securityGroupStep(groups: readonly Group[], port: number, origin: Origin): Step {
  const name = 'security group';
  const rules = groups.flatMap(({ IpPermissions = [] }) => IpPermissions).filter((rule) => isForPort(rule, port));
  const ids = groups.map(({ GroupId }) => GroupId).join(', ');
  const allowed = [...new Set(rules.flatMap((rule) => [...rangesOf(rule), ...groupsOf(rule), ...listsOf(rule)]))];
  const lets = `${ids} lets in on port ${port}: ${allowed.slice(0, 8).join(', ') || 'nobody'}`;
  if (allowed.includes(ANYWHERE)) return ok(name, lets);
  const target = groups[0]?.GroupId ?? 'sg-...';
  switch (origin.kind) {
    case 'vpc': {
      const byGroup = rules.flatMap(groupsOf).find((id) => origin.groupIds.includes(id));
      if (byGroup !== undefined) return ok(name, `${ids} lets in ${byGroup}, the check's, on port ${port}`);
      const ranges = rules.flatMap(rangesOf);
      const isCovered = (cidr: string) => ranges.some((range) => covers(range, cidr));
      if (origin.cidrs.length > 0 && origin.cidrs.every(isCovered)) return ok(name, `${lets}; the check is among them`);
      if (rules.some((rule) => listsOf(rule).length > 0)) {
        return unknown(name, lets, `see whether the check's subnets (${origin.cidrs.join(', ')}) are in a prefix list`);
      }
      return failed(
        name,
        `${lets}; the check comes from ${[...origin.groupIds, ...origin.cidrs].join(', ')}`,
        `aws ec2 authorize-security-group-ingress --group-id ${target} --protocol tcp --port ${port} --source-group ${origin.groupIds[0] ?? 'sg-...'}`,
      );
    }
    case 'internet':
      return failed(
        name,
        `${lets}; the check function is in no VPC and comes from no fixed address`,
        'set vpc.id and vpc.subnetIds, so that it comes from a group of its own, or transport ssm',
      );
    case 'unknown':
      return allowed.length === 0
        ? failed(
            name,
            lets,
            `allow it from where you connect: aws ec2 authorize-security-group-ingress --group-id ${target} ...`,
          )
        : unknown(name, lets, 'see that who connects is among them');
  }
  return origin satisfies never;
}

/** Whether the groups let HTTPS out, which the SSM agent speaks. */
export function egressStep(groups: readonly Group[]): Step {
  const name = 'security group';
  const ids = groups.map(({ GroupId }) => GroupId).join(', ');
  const lets = groups
    .flatMap(({ IpPermissionsEgress = [] }) => IpPermissionsEgress)
    .filter((rule) => isForPort(rule, 443));
  const [first] = lets.flatMap((rule) => [...rangesOf(rule), ...groupsOf(rule), ...listsOf(rule)]);
  if (first !== undefined) return ok(name, `${ids} lets HTTPS out to ${first}`);
  return failed(
    name,
    `${ids} lets no HTTPS out, which the SSM agent needs`,
    `aws ec2 authorize-security-group-egress --group-id ${groups[0]?.GroupId ?? 'sg-...'} --protocol tcp --port 443 --cidr 0.0.0.0/0`,
  );
}

const EPHEMERAL = [1_024, 65_535] as const;

/** The first rule by number that covers the peer and all of the ports decides; none means no. */
function aclAllows(entries: readonly AclEntry[], egress: boolean, peer: string, from: number, to: number): boolean {
  const deciding = entries
    .filter((entry) => entry.Egress === egress && /^(-1|6)$/.test(entry.Protocol ?? ''))
    .toSorted((a, b) => (a.RuleNumber ?? 0) - (b.RuleNumber ?? 0))
    .find(({ CidrBlock = '', Protocol, PortRange: ports }) => {
      const isForPorts = Protocol === '-1' || ((ports?.From ?? 0) <= from && to <= (ports?.To ?? 65_535));
      return isForPorts && covers(CidrBlock, peer);
    });
  return deciding?.RuleAction === 'allow';
}

/** Network ACLs know no connections: the answers need a rule of their own. */
export function aclStep(entries: readonly AclEntry[], port: number, origin: Origin): Step {
  const name = 'network ACL';
  if (origin.kind === 'unknown' || (origin.kind === 'vpc' && origin.cidrs.length === 0)) {
    const isOpen = aclAllows(entries, false, ANYWHERE, port, port);
    return isOpen
      ? ok(name, `lets in port ${port} from anywhere`)
      : unknown(name, 'from where the check comes is not known');
  }
  const peers = origin.kind === 'internet' ? [ANYWHERE] : origin.cidrs;
  const shutIn = peers.find((peer) => !aclAllows(entries, false, peer, port, port));
  if (shutIn !== undefined) {
    return failed(
      name,
      `keeps ${shutIn} from port ${port}`,
      `allow TCP ${port} in from ${shutIn} in the subnet's network ACL`,
    );
  }
  const shutOut = peers.find((peer) => !aclAllows(entries, true, peer, ...EPHEMERAL));
  if (shutOut !== undefined) {
    return failed(
      name,
      `keeps the answers from ${shutOut}`,
      `allow TCP ${EPHEMERAL.join('-')} out to ${shutOut} in the subnet's network ACL`,
    );
  }
  return ok(name, `lets port ${port} in and the answers out`);
}
