import { type AppError, fromFailure } from '../../../shared/errors/app-error.ts'
import { errorDefinition, isErrorCode } from '../../../shared/errors/codes.ts'
import type { FlowStatus } from '../../../shared/protocol/relay-auth.ts'

/** How a sign-in with a device code came to its end. */
export type Outcome =
  | { readonly kind: 'signed-in' }
  /** By the person, on this page. */
  | { readonly kind: 'stopped' }
  | { readonly kind: Ending; readonly failure: AppError }

export type Ending =
  | 'expired'
  | 'denied'
  | 'no-copilot'
  | 'blocked'
  | 'impossible'
  | 'forgotten'
  | 'network'
  | 'disconnected'
  | 'failed'

const CODES: Readonly<Partial<Record<FlowStatus['status'], string>>> = {
  expired: 'relay.sign-in-expired',
  denied: 'relay.sign-in-denied',
}

/** What a failure means for somebody who is signing in. */
export function outcomeOf(failure: AppError): Outcome & { readonly failure: AppError } {
  return { kind: endingOf(failure), failure }
}

/** What the relay tells of a code that waits no more. */
export function outcomeOfStatus(status: FlowStatus): Outcome {
  return outcomeOf(failureOf(status))
}

/** Nobody typed the code in time. */
export function expired(): Outcome {
  return outcomeOfStatus({ status: 'expired', message: '' })
}

function endingOf({ code, recovery }: AppError): Ending {
  switch (code) {
    case 'relay.sign-in-expired':
      return 'expired'
    case 'relay.sign-in-denied':
      return 'denied'
    case 'relay.copilot-refused':
      return 'no-copilot'
    case 'relay.copilot-blocked':
      return 'blocked'
    case 'relay.sign-in-impossible':
      return 'impossible'
    case 'relay.sign-in-unknown':
      return 'forgotten'
    case 'bridge.disconnected':
      return 'disconnected'
    default:
      return recovery === 'automatic' ? 'network' : 'failed'
  }
}

/** An ending as the relay tells it, which has no remedy of its own. */
function failureOf({ status, message, code = CODES[status] ?? '' }: FlowStatus): AppError {
  const known = isErrorCode(code) ? errorDefinition(code) : errorDefinition('internal.bug')
  return fromFailure({
    code,
    message: message || known.meaning,
    recovery: known.recovery,
    remedy: known.remedy,
  })
}
