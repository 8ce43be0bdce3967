/** What the built files hold of other people's packages: their licences, and a bill of materials (CycloneDX). */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Enums, Models, Serialize, Spec } from '@cyclonedx/cyclonedx-library';

/** Licences that ask for nothing but their own text. Another one needs a person's look first. */
const ALLOWED = [
  'MIT',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'MIT-0',
  'Unlicense',
  'BlueOak-1.0.0',
];

/** Folders of packages that these metafiles of esbuild name, sorted. */
function packagesIn(metafiles) {
  const inputs = metafiles.flatMap((metafile) =>
    // Of an input that is bundled, not of one that was only looked at.
    Object.values(metafile.outputs).flatMap((output) =>
      Object.entries(output.inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
    ),
  );
  const folders = inputs.flatMap((path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []);
  return [...new Set(folders)].sort();
}

async function describe(folder) {
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const { name, version } = manifest;
  // Older packages have a list.
  const license = manifest.license ?? manifest.licenses?.[0]?.type;
  if (!ALLOWED.includes(license)) {
    throw new Error(`${name}@${version} is bundled, and its licence is ${license}; allowed: ${ALLOWED.join(', ')}`);
  }
  const names = (await readdir(folder)).filter((one) => /^(licen[cs]e|notice|copying)/i.test(one)).sort();
  const texts = await Promise.all(names.map((one) => readFile(join(folder, one), 'utf8')));
  return { name, version, license, text: texts.map((text) => text.trim()).join('\n\n') };
}

/** @throws Error where a package's licence is none of those above */
export async function bundledPackages(metafiles) {
  const all = await Promise.all(packagesIn(metafiles).map(describe));
  return [...new Map(all.map((one) => [`${one.name}@${one.version}`, one])).values()];
}

/** Packages that share a text share a part. */
export function noticesOf(packages) {
  const byText = new Map();
  for (const one of packages) byText.set(one.text, [...(byText.get(one.text) ?? []), one]);
  const parts = [...byText].map(([text, of]) =>
    [
      of.map(({ name, version, license }) => `${name} ${version} (${license})`).join('\n'),
      text || 'Their packages hold no text of their licence.',
    ].join('\n\n'),
  );
  return `crawlwatch's built files hold these packages, each under its own licence.\n\n${parts.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}

/** CycloneDX 1.6, without a time: the same packages give the same text. */
export function billOf(packages, { name, version, license }) {
  const component = (type, one) => {
    const made = new Models.Component(type, one.name, {
      version: one.version,
      purl: `pkg:npm/${one.name.replace('@', '%40')}@${one.version}`,
    });
    made.bomRef.value = `${one.name}@${one.version}`;
    made.licenses.add(new Models.SpdxLicense(one.license));
    return made;
  };
  const bill = new Models.Bom();
  bill.metadata.component = component(Enums.ComponentType.Application, { name, version, license });
  for (const one of packages) bill.components.add(component(Enums.ComponentType.Library, one));
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  return `${serializer.serialize(bill, { sortLists: true, space: 1 })}\n`;
}
