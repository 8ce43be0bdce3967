type Sender = { send(...args: never[]): unknown };

/** A client whose code is loaded by its first call: for a function that seldom needs it. */
export function late<Client extends Sender>(load: () => Promise<Client>): Pick<Client, 'send'> {
  let client: Promise<Client> | undefined;
  return {
    send: async (...args: never[]) => {
      client ??= load();
      return (await client).send(...args);
    },
  };
}
