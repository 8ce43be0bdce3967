/**
 * Real SSH servers on loopback, a port each. What a client sends to `sh` on a host runs in a real shell, over that host's
 * recorded /proc and a few tools that answer from it: the probe script runs unchanged, as on a crawler.
 */
import { spawn } from 'node:child_process';
import { createServer, type Server as NetServer, type Socket } from 'node:net';
import ssh2, { type Connection, type ServerChannel } from 'ssh2';
import type { SshBehaviour } from './crawlers.ts';
import type { Recording } from './recording.ts';

const { Server, utils } = ssh2;
/** The most that is read from a client, well above a script's size. */
const SCRIPT_MAX = 64 * 1024;

export interface SshHost {
  readonly port: number;
  /** Sets what it does from the next connection on. */
  behave(behaviour: SshBehaviour, recording: Recording): void;
  close(): Promise<void>;
}

/** Makes a key pair for the login, in OpenSSH's format. */
export function newKey(): { readonly private: string; readonly public: string } {
  const pair = utils.generateKeyPairSync('ed25519');
  // ssh2 1.17 makes a key that it can't read itself about once in two hundred times.
  return utils.parseKey(pair.private) instanceof Error ? newKey() : pair;
}

/** Starts a host that accepts a login with the private half of `publicKey`. */
export async function startSshHost(publicKey: string, behaviour: SshBehaviour, recording: Recording): Promise<SshHost> {
  let now = { behaviour, recording };
  const trusted = utils.parseKey(publicKey);
  if (trusted instanceof Error || Array.isArray(trusted)) throw new Error('the public key can not be read');
  const sockets = new Set<Socket>();

  const sshd = new Server({ hostKeys: [newKey().private], ident: 'OpenSSH_9.6p1' }, (client: Connection) => {
    client.on('error', () => {}); // A client may give up at any time.
    client.on('authentication', (login) => {
      if (login.method !== 'publickey' || !login.key.data.equals(trusted.getPublicSSH())) {
        return login.reject(['publickey']);
      }
      if (login.signature === undefined || login.blob === undefined) return login.accept();
      return trusted.verify(login.blob, login.signature, login.hashAlgo) === true
        ? login.accept()
        : login.reject(['publickey']);
    });
    client.on('session', (accept) => {
      accept().on('exec', (acceptExec, _reject, { command }) => serve(acceptExec(), command, now.recording));
    });
  });
  const front = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    switch (now.behaviour) {
      case 'serves':
        sshd.injectSocket(socket);
        break;
      case 'resets':
        // As when sshd can't fork: the kernel has accepted, and the listener drops it.
        socket.resetAndDestroy();
        break;
      case 'silent':
        break;
      default:
        now.behaviour satisfies never;
    }
  });
  const port = await listen(front);
  return {
    port,
    behave: (next, from) => {
      now = { behaviour: next, recording: from };
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => front.close(() => resolve()));
    },
  };
}

function listen(server: NetServer): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (typeof address === 'object' && address !== null) resolve(address.port);
      else reject(new Error('no port to listen on'));
    });
  });
}

/** Runs `sh -s -- ARGUMENTS` with the script from the channel's input; serves nothing else. */
function serve(channel: ServerChannel, command: string, recording: Recording): void {
  const [shell, dash, , ...args] = command.split(' ');
  const chunks: Buffer[] = [];
  let length = 0;
  channel.on('error', () => {});
  if (shell !== 'sh' || dash !== '-s') {
    channel.stderr.end(`sh: ${JSON.stringify(command)}: only sh -s is served here\n`);
    channel.exit(127);
    channel.end();
    return;
  }
  channel.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length <= SCRIPT_MAX) chunks.push(chunk);
  });
  channel.on('end', () => {
    const script = recording.replay(Buffer.concat(chunks).toString('utf8'));
    const child = spawn('/bin/sh', ['-s', '--', ...args], { stdio: ['pipe', 'pipe', 'ignore'], env: {} });
    child.stdin.on('error', () => {});
    child.stdin.end(script);
    child.stdout.on('data', (data: Buffer) => channel.write(data));
    child
      .on('error', () => channel.exit(126))
      .on('close', (code) => {
        channel.exit(code ?? 1);
        channel.end();
      });
  });
}
