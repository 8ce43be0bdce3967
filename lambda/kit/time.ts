export const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/;

/** ISO 8601 UTC to the second. */
export const isoSeconds = (date: Date): string => date.toISOString().replace(/\.\d+Z$/, 'Z');

export function parseInstant(text: string): Date | null {
  if (!ISO.test(text)) return null;
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? null : date;
}

/** A stamp such as `BannerTimeout@2026-11-22T08:05:00Z`. */
export function parseStamp(text: string): { readonly what: string; readonly at: Date } | null {
  const split = text.lastIndexOf('@');
  const at = split > 0 ? parseInstant(text.slice(split + 1)) : null;
  return at === null ? null : { what: text.slice(0, split), at };
}
