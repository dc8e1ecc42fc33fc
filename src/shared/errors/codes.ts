import { BRIDGE_ERRORS } from './codes-bridge.ts'
import { EGRESS_ERRORS } from './codes-egress.ts'
import { OLLAMA_ERRORS } from './codes-ollama.ts'
import { PERIMETER_ERRORS } from './codes-perimeter.ts'
import { RELAY_ERRORS } from './codes-relay.ts'
import { SSH_ERRORS } from './codes-ssh.ts'
import type { ErrorDefinition } from './define.ts'

/**
 * The one table of failures. A code is never renamed and never reused: scripts, dashboards and docs/errors.md
 * refer to it. A failure that is not in the table is a bug and is treated as permanent.
 */
export const ERROR_CODES = {
  ...BRIDGE_ERRORS,
  ...SSH_ERRORS,
  ...RELAY_ERRORS,
  ...EGRESS_ERRORS,
  ...OLLAMA_ERRORS,
  ...PERIMETER_ERRORS,
}

export type ErrorCode = keyof typeof ERROR_CODES

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(ERROR_CODES, value)
}

export function errorDefinition(code: ErrorCode): ErrorDefinition {
  return ERROR_CODES[code]
}
