/** Some hosts accept the connection and send nothing: they must not delay the healthy ones. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { type Contender, crawlwatch } from './contenders.ts';
import type { Host, Lab } from './lab.ts';
import { type Effort, measure, type Say } from './measure.ts';
import { type Section, seconds } from './table.ts';

const FORKS = 100;
const GRACE_MS = 1000;

export async function hung(lab: Lab, contenders: readonly Contender[], effort: Effort, say: Say): Promise<Section> {
  const silent = await startSilent(effort.hung);
  const healthy = lab.hosts(effort.hosts - effort.hung);
  // Spread evenly through the list.
  const every = Math.floor(effort.hosts / effort.hung);
  const hosts = silent.hosts.flatMap((host, i) => [host, ...healthy.slice(i * (every - 1), (i + 1) * (every - 1))]);
  const files = lab.files(hosts, effort.hungSeconds);
  const allowedMs = effort.hungSeconds * 1000 + GRACE_MS;
  const rows = [];
  const targets = [];
  for (const contender of contenders) {
    const { wallMs, read } = await measure(lab, contender, {
      ...{ files, forks: FORKS, deadlineSeconds: effort.hungSeconds },
    });
    say(`${contender.name}: ${seconds(wallMs)}, ${read} of ${healthy.length} read`);
    rows.push([contender.name, seconds(wallMs), seconds(wallMs - effort.hungSeconds * 1000), `${read}`]);
    if (contender !== crawlwatch) continue;
    targets.push(
      { what: 'whole run', got: seconds(wallMs), target: `at most ${seconds(allowedMs)}`, met: wallMs <= allowedMs },
      { what: 'healthy hosts read', got: `${read}`, target: `${healthy.length}`, met: read === healthy.length },
    );
  }
  await silent.close();
  return {
    title: `${hosts.length} hosts, ${effort.hung} of them hung, deadline ${effort.hungSeconds} s`,
    columns: ['', 'took', 'beyond the deadline', `read of ${healthy.length}`],
    rows,
    notes: [
      `All have the same deadline and ask ${FORKS} at a time. Only crawlwatch's covers the whole host; the others' covers connecting.`,
    ],
    targets,
  };
}

/** One port on addresses that the healthy hosts don't use. */
async function startSilent(count: number): Promise<{ hosts: Host[]; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const hosts: Host[] = [];
  const servers: Server[] = [];
  for (let i = 1; i <= count; i += 1) {
    const server = createServer((socket) => {
      sockets.add(socket.on('error', () => {}));
    });
    server.listen(hosts[0]?.port ?? 0, `127.0.9.${i}`);
    await once(server, 'listening');
    servers.push(server);
    hosts.push({ address: `127.0.9.${i}`, port: (server.address() as AddressInfo).port });
  }
  return {
    hosts,
    async close() {
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.map((server) => once(server.close(), 'close')));
    },
  };
}
