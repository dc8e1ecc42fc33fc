import { type ErrorCode, errorDefinition, isErrorCode } from './codes.ts'
import type { Recovery } from './define.ts'

/** A failure as it crosses a process border: plain JSON, no stack, no secret. */
export interface Failure {
  readonly code: ErrorCode
  /** What happened, with the names and numbers of this case. Never holds a secret. */
  readonly message: string
  readonly recovery: Recovery
  /** What to do next. */
  readonly remedy: string
  readonly cause?: Failure
}

export interface AppErrorOptions {
  readonly cause?: unknown
  /** Replaces the table's remedy where this case knows better. */
  readonly remedy?: string
}

/** An expected failure. Anything else that is thrown is a bug. */
export class AppError extends Error {
  override readonly name = 'AppError'
  readonly code: ErrorCode
  readonly recovery: Recovery
  readonly remedy: string

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    const definition = errorDefinition(code)
    this.code = code
    this.recovery = definition.recovery
    this.remedy = options.remedy ?? definition.remedy
  }
}

/** Wraps what is no AppError as `internal.bug`, whose text names no detail: those belong in the log. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error
  return new AppError('internal.bug', 'Something unexpected happened.', { cause: error })
}

export function toFailure(error: unknown): Failure {
  const appError = toAppError(error)
  const { code, message, recovery, remedy, cause } = appError
  return cause instanceof AppError
    ? { code, message, recovery, remedy, cause: toFailure(cause) }
    : { code, message, recovery, remedy }
}

/** The other side of {@link toFailure}; a code that this version does not know becomes `internal.bug`. */
export function fromFailure(failure: Omit<Failure, 'code'> & { readonly code: string }): AppError {
  const code = isErrorCode(failure.code) ? failure.code : 'internal.bug'
  return new AppError(code, failure.message, {
    remedy: failure.remedy,
    ...(failure.cause === undefined ? {} : { cause: fromFailure(failure.cause) }),
  })
}
