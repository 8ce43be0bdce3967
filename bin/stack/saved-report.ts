/** A report that `check -o json` wrote, read back: as much of it as a plan needs. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import * as z from 'zod';
import type { ReasonCode } from '../../lambda/model/index.ts';
import { isReasonCode } from '../../lambda/model/index.ts';
import type { CommandIo } from '../terminal/index.ts';
import { UsageError } from '../terminal/index.ts';

const date = z.string().pipe(z.coerce.date());
const savedInstance = z.object({
  id: z.string().min(1),
  name: z.string(),
  status: z.enum(['OK', 'WARNING', 'CRITICAL', 'UNKNOWN']),
  since: date.nullish(),
  // A newer version's code is passed over: what it calls for is not known here.
  reasons: z
    .array(z.object({ code: z.string() }))
    .transform((all) => all.map(({ code }) => code).filter((code): code is ReasonCode => isReasonCode(code))),
  flagged: z.boolean(),
  vitals: z
    .object({
      worker: z.object({ unit: z.string() }).nullish(),
      uptimeSeconds: z.number().nullish(),
    })
    .nullish(),
});
const savedReport = z.object({
  version: z.literal(1),
  checkedAt: date,
  source: z.string(),
  instances: z.array(savedInstance),
});

export type SavedInstance = z.output<typeof savedInstance>;
export type SavedReport = z.output<typeof savedReport>;

/** @param from a file, or `-` for standard input. @throws UsageError where it can't be read, or is no such report. */
export async function readSavedReport(from: string, io: CommandIo): Promise<SavedReport> {
  const read = savedReport.safeParse(
    parsed(from === '-' ? await allOf(io.stdin) : await textOf(resolve(io.cwd, from)), from),
  );
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new UsageError(
    `--from: ${from} is no report of check -o json (${issue?.path.join('.') || 'report'}: ${issue?.message})`,
  );
}

function parsed(text: string, from: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`--from: ${from} is no report of check -o json (${(error as Error).message})`);
  }
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'no such file' : code === 'EISDIR' ? 'it is a directory' : (code ?? String(error));
    throw new UsageError(`--from: can't read ${path}: ${why}`);
  }
}

async function allOf(stdin: CommandIo['stdin']): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of stdin) text += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
  return text;
}
