/** What the settings' schema is made of: each leaf with its default, what is allowed in words, and what it does. */
// By its namespace: the export `z` brings every language's messages into the bundle.
import * as z from 'zod';

/** A leaf: its schema, what is allowed in words, and what it does. The README's table is made of these. */
export function leaf<T extends z.ZodType>(schema: T, allowed: string, description: string): T {
  return schema.meta({ allowed, description }) as T;
}
export const text = (fallback: string, pattern: RegExp, allowed: string, says: string) =>
  leaf(z.string().regex(pattern), allowed, says).default(fallback);
export const optional = <T extends z.ZodType>(schema: T, allowed: string, says: string) =>
  leaf(schema.nullable(), `${allowed}, or null`, says).default(null as never);
export const number = (fallback: number, min: number, max: number, says: string, unit = '') =>
  leaf(z.number().min(min).max(max), `a number from ${min} to ${max}${unit}`, says).default(fallback);
export const whole = (fallback: number, min: number, max: number, says: string) =>
  leaf(z.number().int().min(min).max(max), `a whole number from ${min} to ${max}`, says).default(fallback);
export const phase = (part: string) =>
  optional(
    z.number().min(0.5).max(300),
    'a number from 0.5 to 300',
    `Of sshSeconds at most this ${part}. Null: only the whole deadline.`,
  );
export const percent = (fallback: number, says: string) => number(fallback, 0, 100, says);
export const flag = (fallback: boolean, says: string) => leaf(z.boolean(), 'true or false', says).default(fallback);
export const choice = <const T extends readonly [string, ...string[]]>(fallback: T[number], values: T, says: string) =>
  leaf(z.enum(values), values.join(', '), says).default(fallback as never);
export const group = <T extends z.ZodRawShape>(shape: T) => z.strictObject(shape).prefault({} as never);
