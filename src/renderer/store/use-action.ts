import { useCallback, useEffect, useRef, useState } from 'react'
import { type AppError, toAppError } from '../../shared/errors/app-error.ts'

export interface Action<Args extends readonly unknown[]> {
  /** Does nothing while it runs already. */
  readonly run: (...args: Args) => void
  readonly isRunning: boolean
  /** Of the last run, until the next one begins or it is dismissed. */
  readonly error: AppError | undefined
  readonly dismiss: () => void
}

/** Something that a person starts with a click: runs once at a time, and keeps what went wrong. */
export function useAction<Args extends readonly unknown[]>(
  perform: (...args: Args) => Promise<unknown>,
): Action<Args> {
  const [isRunning, setRunning] = useState(false)
  const [error, setError] = useState<AppError>()
  const latest = useRef({ perform, isRunning: false })
  useEffect(() => {
    latest.current.perform = perform
  })
  const run = useCallback((...args: Args) => {
    if (latest.current.isRunning) return
    latest.current.isRunning = true
    setRunning(true)
    setError(undefined)
    latest.current
      .perform(...args)
      .catch((failure: unknown) => setError(toAppError(failure)))
      .finally(() => {
        latest.current.isRunning = false
        setRunning(false)
      })
  }, [])
  const dismiss = useCallback(() => setError(undefined), [])
  return { run, isRunning, error, dismiss }
}
