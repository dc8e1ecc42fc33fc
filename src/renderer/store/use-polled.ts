import { useCallback, useEffect, useRef, useState } from 'react'
import { type AppError, toAppError } from '../../shared/errors/app-error.ts'

/** Something that is asked for again and again. An old value stays, with its age, when asking fails. */
export interface Polled<T> {
  readonly value: T | undefined
  /** When the value was received, in ms since the epoch. */
  readonly at: number | undefined
  readonly error: AppError | undefined
  readonly isAsking: boolean
  readonly askNow: () => void
}

export interface PollOptions {
  readonly everyMs: number
  /** While false, nothing is asked. */
  readonly isWanted: boolean
}

/** Asks at once and then every so often, and not at all while the page is hidden. */
export function usePolled<T>(ask: () => Promise<T>, { everyMs, isWanted }: PollOptions): Polled<T> {
  const [polled, setPolled] = useState<Omit<Polled<T>, 'askNow'>>({
    value: undefined,
    at: undefined,
    error: undefined,
    isAsking: false,
  })
  const latest = useRef(ask)
  useEffect(() => {
    latest.current = ask
  })
  const askNow = useRef<() => void>(() => {})

  useEffect(() => {
    if (!isWanted) return
    let timer: ReturnType<typeof setTimeout> | undefined
    let isOver = false
    let isAsking = false
    let lastAt = 0
    const now = async (): Promise<void> => {
      if (isAsking || isOver) return
      isAsking = true
      clearTimeout(timer)
      setPolled((before) => ({ ...before, isAsking: true }))
      try {
        const value = await latest.current()
        if (!isOver) setPolled({ value, at: Date.now(), error: undefined, isAsking: false })
      } catch (error) {
        if (!isOver) setPolled((before) => ({ ...before, error: toAppError(error), isAsking: false }))
      }
      isAsking = false
      lastAt = Date.now()
      schedule()
    }
    const schedule = (): void => {
      clearTimeout(timer)
      if (isOver || document.hidden) return
      timer = setTimeout(() => void now(), Math.max(0, lastAt + everyMs - Date.now()))
    }
    askNow.current = () => void now()
    document.addEventListener('visibilitychange', schedule)
    schedule()
    return () => {
      isOver = true
      clearTimeout(timer)
      document.removeEventListener('visibilitychange', schedule)
      setPolled((before) => ({ ...before, isAsking: false }))
    }
  }, [everyMs, isWanted])

  return { ...polled, askNow: useCallback(() => askNow.current(), []) }
}
