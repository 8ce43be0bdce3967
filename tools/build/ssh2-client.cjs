/**
 * Stands in for ssh2 in the functions' bundles: what a client uses of it, without its server, its HTTP agents and SFTP,
 * which are 18 kB of each. Written as ssh2's own index is, which it follows.
 */
const { BaseAgent, createAgent } = require('ssh2/lib/agent.js');
const { parseKey } = require('ssh2/lib/protocol/keyParser.js');

module.exports = {
  BaseAgent,
  createAgent,
  Client: require('ssh2/lib/client.js'),
  utils: { parseKey, ...require('ssh2/lib/keygen.js') },
};
