import { useEffect, useState } from 'react'
import type { CallResult } from '../../../shared/bridge-api/calls.ts'
import { type AppError, toAppError } from '../../../shared/errors/app-error.ts'
import { useApi } from '../../store/bridge-context.tsx'

export type TextMistake = CallResult<'checkSettings'>['mistakes'][number]

/** What the bridge says about a text. */
export type Checked =
  | { readonly kind: 'checking' }
  | { readonly kind: 'checked'; readonly mistakes: readonly TextMistake[] }
  | { readonly kind: 'failed'; readonly error: AppError }

const CHECKING: Checked = { kind: 'checking' }

/** Has the bridge judge a text, a moment after it was last changed; `undefined` is not asked about. */
export function useCheckedText(text: string | undefined, delayMs: number): Checked {
  const api = useApi()
  const [checked, setChecked] = useState<Checked>(CHECKING)
  useEffect(() => {
    setChecked(CHECKING)
    if (text === undefined) return
    let isOver = false
    const timer = setTimeout(() => {
      api.checkSettings({ text }).then(
        ({ mistakes }) => !isOver && setChecked({ kind: 'checked', mistakes }),
        (error: unknown) => !isOver && setChecked({ kind: 'failed', error: toAppError(error) }),
      )
    }, delayMs)
    return () => {
      isOver = true
      clearTimeout(timer)
    }
  }, [api, text, delayMs])
  return checked
}
