import type { LinkStep } from '../../../shared/state/link.ts'

/** How parts of the path are, for whichever view shows them. */
export const stateWords = {
  off: 'Not connected',
  switchedOff: 'Switched off',
  connecting: 'Connecting',
  waitingForYou: 'Waits for you',
  connected: 'Connected',
  ready: 'Ready',
  reconnecting: 'Connecting again',
  failed: 'Failed',
  closing: 'Disconnecting',
  notAsked: 'Not asked yet',
  notAnswering: 'Not answering',
  notListening: 'Not listening',
  opening: 'Opening',
  pathBroken: 'No way through',
  pathUntried: 'Trying the way',
  signedIn: 'Signed in',
  notSignedIn: 'Not signed in',
  keyMissing: 'Key missing',
  unknown: 'Unknown',
  stale: 'Out of date',
  steps: {
    resolving: 'Looking up the host',
    connecting: 'Reaching the host',
    authenticating: 'Logging in',
    'waiting-for-you': 'Waiting for your answer',
    opening: 'Opening the tunnel',
    verifying: 'Trying the way',
  } satisfies Record<LinkStep, string>,
  attempt: (attempt: number) => `attempt ${attempt}`,
}
