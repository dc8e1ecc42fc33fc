/** One sentence about the whole bridge, without a full stop. */
export const statusWords = {
  questions: (count: number) =>
    count === 1 ? 'A question waits for your answer' : `${count} questions wait for your answer`,
  relayOff: 'The relay is switched off',
  noWay: (relay: string) => `No way to ${relay}`,
  connectingTo: (relay: string) => `Connecting to ${relay}`,
  disconnectedTunnelFailed: 'Disconnected, but the tunnel failed',
  disconnectingTunnel: 'Disconnecting the tunnel',
  disconnecting: 'Disconnecting',
  disconnected: 'Disconnected',
  thisComputer: 'this computer',
  notWorkingFor: (names: readonly string[]) => `Not working for ${names.join(', ')}`,
  connecting: (names: readonly string[]) => `Connecting ${names.join(', ')}`,
  notSignedIn: 'Connected, but the relay is not signed in',
  tunnelBroken: 'The tunnel of the proxy does not work',
  connectedTo: (relay: string) => `Connected to ${relay}`,
}
