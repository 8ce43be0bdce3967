import type { Plugin } from 'esbuild';

export declare function withPlainKeys(source: string, path: string): string;
export declare function withoutErrorClasses(
  source: string,
  client: { readonly config: string; readonly errors: string; readonly path: string },
): string;
export declare const sdkSchemas: Plugin;
