/** The machine's disk, made once for each version of its recipe. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const RECIPE = ['image.sh', 'crawler.pl'].map((name) => join(import.meta.dirname, name));
const CACHE = join(
  process.env.XDG_CACHE_HOME ?? join(import.meta.dirname, '..', '..', 'node_modules', '.cache'),
  'crawlwatch-machine',
);

/** Programs by the Debian package that has them. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  'qemu-system-x86': ['qemu-system-x86_64'],
  debootstrap: ['debootstrap'],
  e2fsprogs: ['mke2fs'],
  'util-linux': ['mkswap'],
  'openssh-client': ['ssh', 'ssh-keygen'],
};
const PATH = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'];

/** Why no machine can be started here, with what helps; null where one can. */
export function machineMissing(): string | null {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'the machine needs Linux on x86-64 around it';
  const packages = Object.keys(PACKAGES).filter((name) => PACKAGES[name]?.some((program) => !isInstalled(program)));
  if (packages.length > 0) return `install it with: apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  if (process.getuid?.() !== 0) return 'debootstrap takes root: run it as root';
  return null;
}

function isInstalled(program: string): boolean {
  return PATH.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * @returns the directory of the image's files (image.sh), which no run writes to
 * @throws where it can't be made, with the end of what the recipe printed
 */
export async function machineImage(): Promise<string> {
  const hash = createHash('sha256');
  for (const file of RECIPE) hash.update(readFileSync(file)).update('\0');
  const name = hash.digest('hex').slice(0, 16);
  const image = join(CACHE, name);
  if (existsSync(image)) return image;
  mkdirSync(CACHE, { recursive: true });
  // Half a gigabyte each: those of older recipes are of no more use.
  for (const old of readdirSync(CACHE)) rmSync(join(CACHE, old), { recursive: true, force: true });
  process.stderr.write('Making the image of the machine, which takes a minute or two...\n');
  const building = mkdtempSync(join(CACHE, 'building-'));
  const env = { ...process.env, PATH: PATH.join(':') };
  try {
    await promisify(execFile)('sh', [RECIPE[0]!, building], { env, maxBuffer: 64 * 1024 ** 2 });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    rmSync(building, { recursive: true, force: true });
    throw new Error(`the image can't be made:\n${`${stdout}\n${stderr}`.trim().slice(-2000)}`, { cause: error });
  }
  renameSync(building, image);
  return image;
}
