/** Writes what the answers become, without losing what is there. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../lambda/kit/index.ts';
import { UsageError } from '../terminal/index.ts';
import { type Answers, CDK_FILE, cdkJsonOf, INVENTORY_FILE, inventoryOf } from './answers.ts';

/**
 * @returns the name of the file
 * @throws UsageError where an inventory is there already, or cdk.json can't be read or written
 */
export function writeAnswers(answers: Answers, cwd: string): string {
  const name = answers.where === 'hosts' ? INVENTORY_FILE : CDK_FILE;
  const path = join(cwd, name);
  if (answers.where === 'hosts' && existsSync(path)) {
    throw new UsageError(
      `${name} is there already, and is not overwritten: check it with crawlwatch check -i ${name}, or move it away`,
    );
  }
  const text = answers.where === 'hosts' ? inventoryOf(answers.hosts) : cdkJsonOf(answers, readJson(path, name));
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw new UsageError(`${name} could not be written: ${messageOf(error)}`);
  }
  return name;
}

function readJson(path: string, name: string): unknown {
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new UsageError(`${name} is there already and can't be read (${messageOf(error)}): mend it or move it away`);
  }
}
