import { useEffect, useState } from 'react'

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
    // Ahead of the listener that shows another view, which hears of it only when nobody is asked.
    const onHash = (event: HashChangeEvent): void => {
      if (event.newURL === own) return
      event.stopImmediatePropagation()
      history.pushState(null, '', own)
      setTarget(event.newURL)
    }
    const onUnload = (event: BeforeUnloadEvent): void => event.preventDefault()
    window.addEventListener('hashchange', onHash, { capture: true })
    window.addEventListener('beforeunload', onUnload)
    return () => {
      window.removeEventListener('hashchange', onHash, { capture: true })
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
