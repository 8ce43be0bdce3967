/** What the doctor's ways to a host share. It loads no AWS client: a host of an inventory needs none. */

/** In which all of them have been probed; each has its own deadline from the settings. */
export const PROBES_MS = 5 * 60_000;

/** What is wrong with a key, without what a login says around it. */
export const whyUnusable = ({ text }: { readonly text: string }): string =>
  text.replace(/^No connection was made, since /, '').replace(/\.$/, '');
