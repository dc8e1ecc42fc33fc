import { useEffect, useState } from 'react'
import { guardHash } from '../../ui/use-hash.ts'

export interface LeaveGuard {
  /** Whether somebody is about to leave and has to say whether that is meant. */
  readonly isAsking: boolean
  readonly stay: () => void
}

/**
 * Holds back a change of view while something is unsaved, and lets it happen once nothing is: by a link, by the Back button, or by closing the page,
 * where the browser itself asks.
 */
export function useLeaveGuard(isUnsaved: boolean): LeaveGuard {
  const [target, setTarget] = useState<string>()
  useEffect(() => {
    if (!isUnsaved) return
    const own = window.location.href
    const release = guardHash(({ newURL }) => {
      if (newURL === own) return false
      if (window.location.href !== own) history.pushState(null, '', own)
      setTarget(newURL)
      return true
    })
    const onUnload = (event: BeforeUnloadEvent): void => event.preventDefault()
    window.addEventListener('beforeunload', onUnload)
    return () => {
      release()
      window.removeEventListener('beforeunload', onUnload)
    }
  }, [isUnsaved])
  useEffect(() => {
    // Once nothing is unsaved any more, whoever was going goes.
    if (target === undefined || isUnsaved) return
    setTarget(undefined)
    window.location.href = target
  }, [target, isUnsaved])
  return {
    isAsking: target !== undefined && isUnsaved,
    stay: () => setTarget(undefined),
  }
}
