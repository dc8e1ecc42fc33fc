/** How a part of the bridge is, as it follows its name and a colon; the names themselves, too. */
export const partsWords = {
  line: (name: string, how: string) => `${capitalised(name)}: ${how}`,
  client: (name: string, how: string) => `${name}: ${how}`,
  agent: (how: string) => `This computer: ${how}`,
  proxy: (how: string) => `Proxy of this computer: ${how}`,
  tunnel: (how: string) => `Tunnel: ${how}`,
  vpn: (name: string, how: string) => `VPN ${name}: ${how}`,
  ollama: (place: string, how: string) => `Ollama on ${place}: ${how}`,
  builtInRelay: 'the built-in relay',
  relay: (place: string) => `the relay ${place}`,

  off: 'switched off',
  link: {
    idle: 'not connected',
    waitingForYou: 'waiting for an answer from you',
    connecting: 'connecting',
    connected: 'connected',
    again: (cause: string) => `connecting again: ${cause}`,
    failed: (cause: string) => `failed: ${cause}`,
    closing: 'disconnecting',
  },
  health: {
    unknown: 'connected, not asked yet',
    failing: (cause: string) => `not answering: ${cause}`,
    signedOut: 'connected, not signed in',
    ready: (upstreams: readonly string[]) => `connected, ${upstreams.join(' and ')} ready`,
  },
  path: {
    broken: (cause: string) => `the path is broken: ${cause}`,
    ready: (address: string) => `connected, ready on ${address}`,
  },
  listener: {
    off: 'not listening',
    opening: (address: string) => `opening ${address}`,
    openingStill: (address: string, cause: string) => `opening ${address}: ${cause}`,
    listening: (address: string) => `ready on ${address}`,
  },
  ollamaIs: {
    unknown: 'not asked yet',
    ok: (version: string, models: number) =>
      `version ${version}, ${models === 1 ? '1 model' : `${models} models`}`,
  },
  vpnIs: {
    unknown: 'not looked at yet',
    goingUp: 'going up',
    goingDown: 'going down',
    up: 'up',
    down: 'down',
  },
  proxyIs: {
    mtls: 'through the tunnel',
    direct: 'direct, the tunnel by rule only',
  },
  tunnelIs: {
    off: 'not connected',
    asleep: (control: string) => `asleep, the first request wakes it by ${control}`,
    waking: (stage: string) => `waking, ${stage}`,
    connecting: (server: string) => `connecting to ${server}`,
    connected: (server: string) => `connected to ${server}`,
    draining: 'letting answers finish',
    killing: 'stopping the server',
  },
  control: {
    aws: 'AWS',
    webhook: 'webhook',
    'wake-on-lan': 'Wake-on-LAN',
    process: 'a program here',
  },
  stage: {
    requested: 'start requested',
    provisioning: 'getting a machine',
    pending: 'starting the server',
    activating: 'getting its network',
    running: 'waiting for its answer',
    deactivating: 'an old server is ending',
    stopping: 'an old server is stopping',
    deprovisioning: 'an old machine is given back',
    stopped: 'starting anew',
  },
}

function capitalised(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1)
}
