/** The keys of an ssh-agent, as ssh2 asks for them, with two questions more: is it keeping us waiting, and can it be let go. */
import type { Duplex } from 'node:stream';
import { type BaseAgent, createAgent } from 'ssh2';

/** An ssh-agent for one login. */
export interface LoginAgent {
  readonly agent: BaseAgent;
  /** It has been asked and has not answered: whatever the host does now, the delay is ours. */
  isPending(): boolean;
  /** Ends what is still open to it: an agent that never answers would hold this process back. */
  release(): void;
}

export function loginAgent(socketPath: string): LoginAgent {
  const agent = createAgent(socketPath);
  const open = agent.getStream?.bind(agent);
  const streams = new Set<Duplex>();
  agent.getStream = (callback) =>
    open?.((error, stream) => {
      if (stream) {
        streams.add(stream);
        stream.once('close', () => streams.delete(stream));
      }
      callback(error, stream);
    });
  return {
    agent,
    isPending: () => streams.size > 0,
    release() {
      for (const stream of streams) stream.destroy();
    },
  };
}
