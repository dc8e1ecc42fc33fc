import type { BridgeState } from '../../../shared/state/bridge-state.ts'
import type { Step } from './wizard.ts'

const NO_STEPS: readonly Step[] = ['relay']
const SIGNED_IN: readonly Step[] = [...NO_STEPS, 'sign-in']
const WITH_MACHINES: readonly Step[] = [...NO_STEPS, 'machines']
const ALL: readonly Step[] = [...SIGNED_IN, 'machines']

/**
 * Steps that have done what they are for, once somebody is past them; the others were skipped. A relay that has not
 * said whether it is signed in counts as not. The same list for the same answer, so that nothing is drawn twice.
 */
export function doneSteps({ relay: { health }, clients }: BridgeState): readonly Step[] {
  const isSignedIn = health.kind === 'ok' && health.upstreams.some(({ signedIn }) => signedIn)
  if (clients.length > 0) return isSignedIn ? ALL : WITH_MACHINES
  return isSignedIn ? SIGNED_IN : NO_STEPS
}
