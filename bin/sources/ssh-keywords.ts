/** The keywords of ssh_config: which are read here exactly as OpenSSH reads them, and which of their values. */

const FLAG = /^(yes|no|true|false)$/i;
const COUNT = /^\d{1,9}$/;
const ANY = /^[^%$\s]+$/;
/** A path whose tokens and variables are expanded where it is used. */
const PATH = /^(?!none$)\S+$/i;

/** Keywords that decide how a host is reached, with the values that are understood. */
const READ: Readonly<Record<string, RegExp>> = {
  hostname: /^([\w.:-]|%[h%])+$/,
  user: /^[\w.@\\-]+$/,
  port: /^([1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d\d|655[0-2]\d|6553[0-5])$/,
  identityfile: PATH,
  identitiesonly: FLAG,
  identityagent: /^\S+$/,
  hostkeyalias: /^[\w.:[\]-]+$/,
  stricthostkeychecking: /^(yes|no|off|ask|true|false|accept-new)$/i,
};

/** Those whose value is a list of words. */
const LISTS: Readonly<Record<string, RegExp>> = {
  userknownhostsfile: PATH,
  globalknownhostsfile: PATH,
};

/** Those that make no difference to a check, whatever they say. */
const IGNORED: Readonly<Record<string, RegExp>> = {
  addkeystoagent: /^(yes|no|ask|confirm)$/i,
  batchmode: FLAG,
  challengeresponseauthentication: FLAG,
  checkhostip: FLAG,
  clearallforwardings: FLAG,
  compression: FLAG,
  connectionattempts: /^[1-9]\d{0,3}$/,
  connecttimeout: /^[1-9]\d{0,3}$/,
  controlmaster: /^(yes|no|ask|auto|autoask)$/i,
  controlpath: /^([^%$\s]|%[%CdhLlnpru])+$/,
  controlpersist: /^(yes|no|\d{1,5}[smhd]?)$/i,
  enablesshkeysign: FLAG,
  exitonforwardfailure: FLAG,
  fingerprinthash: /^(md5|sha256)$/i,
  forwardagent: FLAG,
  forwardx11: FLAG,
  forwardx11trusted: FLAG,
  gssapidelegatecredentials: FLAG,
  hashknownhosts: FLAG,
  kbdinteractiveauthentication: FLAG,
  loglevel: /^(quiet|fatal|error|info|verbose|debug[123]?)$/i,
  numberofpasswordprompts: COUNT,
  passwordauthentication: FLAG,
  permitlocalcommand: FLAG,
  requesttty: /^(yes|no|force|auto)$/i,
  serveralivecountmax: /^[1-9]\d{0,3}$/,
  serveraliveinterval: /^\d{1,4}$/,
  tcpkeepalive: FLAG,
  updatehostkeys: /^(yes|no|ask)$/i,
  visualhostkey: FLAG,
  // Only with a ticket, which is looked for apart from this.
  gssapiauthentication: FLAG,
};

/**
 * The other keywords that every OpenSSH since 9.0 knows: it is asked itself where they apply. A newer one, which an older
 * client refuses, leaves it the whole file.
 */
const OTHERS = new Set(
  `addressfamily bindaddress bindinterface canonicaldomains canonicalizefallbacklocal canonicalizehostname
canonicalizemaxdots canonicalizepermittedcnames casignaturealgorithms certificatefile cipher ciphers
dsaauthentication dynamicforward enableescapecommandline escapechar forkafterauthentication forwardx11timeout gatewayports
gssapiclientidentity gssapikexalgorithms gssapikeyexchange gssapirenewalforcesrekey gssapiserveridentity gssapitrustdns
hostbasedacceptedalgorithms hostbasedauthentication hostbasedkeytypes hostkeyalgorithms ignoreunknown ipqos
kbdinteractivedevices kexalgorithms keepalive knownhostscommand localcommand localforward logverbose macs
nohostauthenticationforlocalhost permitremoteopen pkcs11provider preferredauthentications protocol
proxyusefdpass pubkeyacceptedalgorithms pubkeyacceptedkeytypes pubkeyauthentication rekeylimit remotecommand remoteforward
requiredrsasize revokedhostkeys rhostsrsaauthentication rsaauthentication securitykeyprovider sessiontype setenv
smartcarddevice stdinnull streamlocalbindmask streamlocalbindunlink syslogfacility tunnel tunneldevice
useprivilegedport verifyhostkeydns xauthlocation`.split(/\s+/),
);

/**
 * How a keyword with its words is read. `known`: as OpenSSH does. `other`: OpenSSH has to be asked where it applies.
 * `broken`: OpenSSH refuses the whole file for it, or may.
 */
export function judge(key: string, words: readonly string[]): 'known' | 'other' | 'broken' {
  const [first = ''] = words;
  const single = READ[key] ?? IGNORED[key];
  if (single !== undefined) return words.length === 1 && single.test(first) ? 'known' : 'broken';
  const list = LISTS[key];
  if (list !== undefined) {
    return words.length > 0 && words.every((word) => list.test(word)) ? 'known' : 'broken';
  }
  if (key === 'sendenv') return words.length > 0 && words.every((word) => ANY.test(word)) ? 'known' : 'broken';
  return OTHERS.has(key) ? 'other' : 'broken';
}

/** Whether the value is used here. */
export const isRead = (key: string): boolean => key in READ || key in LISTS || key === 'gssapiauthentication';

/** `ProxyJump`'s value as it is understood here: `[user@]host[:port]`, several with commas. */
const HOP = String.raw`(?:[\w.%-]+@)?(?:[\w.-]+|\[[0-9a-fA-F:.]+\])(?::\d{1,5})?`;
export const JUMPS = new RegExp(`^(?:none|${HOP}(?:,${HOP})*)$`);
