export declare function madeLate(source: string): string;
