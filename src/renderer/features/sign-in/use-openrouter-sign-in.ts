import { useEffect, useRef, useState } from 'react'
import { AppError, toAppError } from '../../../shared/errors/app-error.ts'
import { useApi, useIsStale } from '../../store/bridge-context.tsx'
import { type Action, useAction } from '../../store/use-action.ts'
import { plain } from '../../ui/plain.ts'
import { words } from '../../words/words.ts'
import { openrouterPage } from './page-address.ts'

type Attempt =
  | { readonly kind: 'none' }
  | { readonly kind: 'waiting'; readonly href: string }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly error: AppError }

export interface OpenrouterSignIn {
  readonly attempt: Attempt
  readonly starting: Action<[]>
  readonly stopping: Action<[]>
}

/** While somebody agrees at OpenRouter and looks here for the answer. */
const EVERY_MS = 2000
const NONE: Attempt = { kind: 'none' }

/**
 * The sign-in at OpenRouter: the bridge waits for the browser to come back, and this page asks it how that goes, also
 * where the sign-in was begun before the page was opened.
 */
export function useOpenrouterSignIn(onDone: () => void): OpenrouterSignIn {
  const api = useApi()
  const isStale = useIsStale()
  const [attempt, setAttempt] = useState<Attempt>(NONE)
  /** Answers to what was asked before the last click say nothing any more. */
  const clicks = useRef(0)
  const begin = (next: Attempt): void => {
    clicks.current += 1
    setAttempt(next)
  }
  const starting = useAction(async () => {
    const { url } = await api.startOpenrouterSignIn({})
    const page = openrouterPage(url)
    if (page !== undefined) return begin({ kind: 'waiting', href: page.href })
    await api.stopOpenrouterSignIn({})
    throw new AppError('desktop.page-unknown', words.signIn.notOpenrouter(plain(url, 200)))
  })
  const stopping = useAction(async () => {
    await api.stopOpenrouterSignIn({})
    begin(NONE)
  })
  useEffect(() => {
    if (isStale) return
    let isOver = false
    const look = async (): Promise<void> => {
      const asked = clicks.current
      const told = await ask(api)
      if (told !== undefined && !isOver && asked === clicks.current)
        setAttempt((before) => after(before, told))
    }
    void look()
    const timer = setInterval(() => !document.hidden && void look(), EVERY_MS)
    return () => {
      isOver = true
      clearInterval(timer)
    }
  }, [api, isStale])
  const latest = useRef(onDone)
  useEffect(() => {
    latest.current = onDone
  })
  useEffect(() => {
    if (attempt.kind === 'done') latest.current()
  }, [attempt.kind])
  return { attempt, starting, stopping }
}

/** Undefined while the bridge cannot be asked. */
async function ask(api: ReturnType<typeof useApi>): Promise<Attempt | undefined> {
  try {
    const told = await api.openrouterSignIn({})
    if (told.kind !== 'waiting') return told
    const page = openrouterPage(told.url)
    return page === undefined ? NONE : { kind: 'waiting', href: page.href }
  } catch (reason) {
    const error = toAppError(reason)
    return error.code.startsWith('api.') ? undefined : { kind: 'failed', error }
  }
}

/** How one ended that nobody has waited for here is an old story. */
function after(before: Attempt, told: Attempt): Attempt {
  if (told.kind === 'waiting') return before.kind === 'waiting' && before.href === told.href ? before : told
  return before.kind === 'waiting' ? told : before
}
