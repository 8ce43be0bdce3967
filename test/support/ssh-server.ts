/** Servers on loopback that behave well or badly on the wire: plain sockets, and ssh2's server with faults. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server as NetServer, type Socket } from 'node:net';
import ssh2, {
  type AcceptConnection,
  type AuthContext,
  type Connection,
  type ParsedKey,
  Server,
  type ServerChannel,
  type ServerConfig,
} from 'ssh2';

const BITS = { ed25519: undefined, ecdsa: 256, rsa: 2048 };

/** A fresh key pair of the given kind, in OpenSSH's format. */
export function keyPair(type: keyof typeof BITS = 'ed25519', passphrase?: string): { private: string; public: string } {
  const lock = passphrase === undefined ? {} : { passphrase, cipher: 'aes256-cbc', rounds: 1 };
  const pair = ssh2.utils.generateKeyPairSync(type, { bits: BITS[type], ...lock } as never);
  // ssh2 1.17 makes an ed25519 key that it can't read itself about once in two hundred times.
  return ssh2.utils.parseKey(pair.private, passphrase) instanceof Error ? keyPair(type, passphrase) : pair;
}

export interface TestServer {
  readonly address: string;
  readonly port: number;
  /** Connections accepted so far, and the most that were open together. */
  readonly accepted: number;
  readonly most: number;
  /** Connections that are open now. */
  readonly open: number;
  close(): Promise<void>;
}

/** Counts connections and closes them all in the end: a fault must not outlive its test. */
async function listen(server: NetServer | Server, address: string): Promise<TestServer> {
  const sockets = new Set<Socket>();
  let accepted = 0;
  let most = 0;
  const net = (server instanceof Server ? (server as unknown as { _srv: NetServer })._srv : server) as NetServer;
  net.on('connection', (socket) => {
    accepted++;
    sockets.add(socket.setNoDelay(true));
    most = Math.max(most, sockets.size);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, address);
  await once(server, 'listening');
  return {
    address,
    port: (server.address() as AddressInfo).port,
    get accepted() {
      return accepted;
    },
    get most() {
      return most;
    },
    get open() {
      return sockets.size;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A TCP server that treats each connection so; the second argument counts them from 1. */
export function rawServer(treat: (socket: Socket, nth: number) => void, address = '127.0.0.1'): Promise<TestServer> {
  let nth = 0;
  return listen(
    // Reading is how a server comes to see that the client has gone.
    createServer((socket) => treat(socket.resume(), ++nth)),
    address,
  );
}

export interface SshServerOptions {
  readonly address?: string;
  /** Public keys that may log in; others are rejected. */
  readonly authorized: readonly string[];
  readonly hostKeys?: readonly string[];
  /** What happens to an exec request; without it `output` is printed once the input has ended. */
  readonly exec?: (
    accept: AcceptConnection<ServerChannel>,
    reject: () => void,
    command: string,
    client: Connection,
  ) => void;
  /** What happens to a login, in place of the judgement by `authorized`. */
  readonly authenticate?: (context: AuthContext, client: Connection) => void;
  readonly output?: string;
  /** What happens to a connection that it is asked to make; without it connections are refused. */
  readonly forward?: (
    accept: () => ServerChannel,
    reject: () => void,
    to: { readonly destIP: string; readonly destPort: number },
  ) => void;
  readonly config?: Partial<ServerConfig>;
}

/** Makes the connection, as a jump host does. */
export const forwards: NonNullable<SshServerOptions['forward']> = (accept, reject, { destIP, destPort }) => {
  const socket = connect(destPort, destIP)
    .once('error', reject)
    .once('connect', () => {
      const channel = accept();
      channel.on('error', () => {}).on('close', () => socket.destroy());
      socket.off('error', reject).on('error', () => {});
      socket.pipe(channel).pipe(socket);
    });
};

/** An SSH server in this process. */
export function sshServer(options: SshServerOptions): Promise<TestServer> {
  const authorized = options.authorized.map((key) => ssh2.utils.parseKey(key) as ParsedKey);
  const hostKeys = [...(options.hostKeys ?? [keyPair().private])];
  const server = new Server({ hostKeys, ...options.config }, (client) => {
    client.on('error', () => {});
    client.on('authentication', (context) => {
      if (options.authenticate) return options.authenticate(context, client);
      if (context.method !== 'publickey') return context.reject(['publickey']);
      const key = authorized.find((k) => k.getPublicSSH().equals(context.key.data));
      const signed =
        context.signature === undefined ||
        key?.verify(context.blob ?? Buffer.alloc(0), context.signature, context.hashAlgo) === true;
      return key && signed ? context.accept() : context.reject(['publickey']);
    });
    client.on('tcpip', (accept, reject, to) => {
      if (options.forward) options.forward(accept, reject, to);
      else reject();
    });
    client.on('session', (acceptSession) => {
      acceptSession().on('exec', (accept, reject, info) => {
        if (options.exec) return options.exec(accept, reject, info.command, client);
        const channel = accept();
        channel.on('error', () => {});
        channel.resume();
        channel.on('end', () => {
          channel.write(options.output ?? '');
          channel.exit(0);
          channel.end();
        });
      });
    });
  });
  return listen(server, options.address ?? '127.0.0.1');
}
