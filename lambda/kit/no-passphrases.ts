/**
 * In the place of `bcrypt-pbkdf` in the functions' bundles: it opens a private key by its passphrase, which no function
 * has. ssh2 refuses a locked key without a passphrase before it would ask.
 * @returns what ssh2 takes for a failure
 */
export const pbkdf = (): number => -1;
