/** @throws Error at a dynamic import that is written in another way */
export declare function withEarlyImports(source: string, path: string): string;
