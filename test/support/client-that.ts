/** A client of that class whose calls all go to a function. */
export const clientThat = <Client extends object>(
  client: { readonly prototype: Client },
  send: (command: never) => Promise<unknown>,
): Client => Object.assign(Object.create(client.prototype), { send });
