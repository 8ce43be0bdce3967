/** The least that a program over ssh2 can do: log in, run the script, print its output. The baseline for crawlwatch. */
import { readFileSync } from 'node:fs';
import ssh2 from 'ssh2';

/** Arguments: file of addresses, port, user, file of the private key, host key in base64, file of the script, how many at a time. */
export async function bareSsh2(args: readonly string[]): Promise<void> {
  const [list = '', port = '', username = '', keyPath = '', hostKey = '', scriptPath = '', forks = ''] = args;
  const privateKey = readFileSync(keyPath);
  const script = readFileSync(scriptPath);
  const trusted = Buffer.from(hostKey, 'base64');
  const queue = readFileSync(list, 'utf8').trim().split('\n').values();
  const ask = (host: string) =>
    new Promise<void>((resolve) => {
      const client = new ssh2.Client();
      client.on('error', (error) => process.stderr.write(`${host}: ${error.message}\n`)).on('close', resolve);
      client.on('ready', () =>
        client.exec('sh -s', (error, channel) => {
          if (error) throw error;
          let output = '';
          channel.on('data', (chunk: Buffer) => {
            output += chunk;
          });
          channel.on('close', () => {
            process.stdout.write(output.replace(/^/gm, `${host}: `));
            client.end();
          });
          channel.end(script);
        }),
      );
      const hostVerifier = (key: Buffer) => key.equals(trusted);
      client.connect({ host, port: Number(port), username, privateKey, hostVerifier });
    });
  const work = async () => {
    for (const host of queue) await ask(host);
  };
  await Promise.all(Array.from({ length: Number(forks) }, work));
}
