import { AppError } from '../../../shared/errors/app-error.ts'

/** Where a line stands. */
export interface Place {
  readonly file: string
  /** Counted from 1. */
  readonly line: number
}

export function configError(place: Place, problem: string, remedy?: string): AppError {
  return new AppError(
    'ssh.config-invalid',
    `${place.file} line ${place.line}: ${problem}`,
    remedy === undefined ? {} : { remedy },
  )
}
