/** Reads mails back: the hosts that head each of its entries, and the words under them that say what it is about. */
export function headsIn(body: string): { readonly hosts: readonly string[]; readonly title: string }[] {
  return body.split('\n\n').flatMap((block) => {
    const lines = block.split('\n');
    const first = lines.findIndex((line) => line.startsWith('  ') && !line.startsWith('    '));
    const heads = lines.slice(0, Math.max(0, first)).join('\n');
    const hosts = [...heads.matchAll(/\((i-\d{17})[ )]/g)].map(([, host = '']) => host);
    return hosts.length === 0 ? [] : [{ hosts, title: lines[first]?.trim() ?? '' }];
  });
}
