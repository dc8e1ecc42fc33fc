import { useEffect, useRef } from 'react'
import { useBridge } from '../../store/bridge-context.tsx'
import { hashOf } from '../../ui/use-hash.ts'
import { wizardOf } from './use-wizard.ts'

/** Opens the set-up once, where there is no settings file and nobody has put it off or gone elsewhere. */
export function useFirstRun(isReady: boolean): void {
  const bridge = useBridge()
  const wasAsked = useRef(false)
  useEffect(() => {
    if (!isReady || wasAsked.current) return
    wasAsked.current = true
    if (!isAtHome() || wizardOf(bridge).getState()?.isLeft === true) return
    bridge.api.getSettingsFile({}).then(
      ({ existed }) => {
        if (!existed && isAtHome()) window.location.replace(hashOf('first-run'))
      },
      // A bridge that cannot say is not new; the dashboard shows what is wrong.
      () => undefined,
    )
  }, [bridge, isReady])
}

function isAtHome(): boolean {
  return window.location.hash.replace(/^#\/?/, '') === ''
}
