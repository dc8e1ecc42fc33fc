import type { ReactNode } from 'react'
import { useApi } from '../../store/bridge-context.tsx'
import { useAction } from '../../store/use-action.ts'
import { Button } from '../../ui/button.tsx'
import { plain } from '../../ui/plain.ts'
import { words } from '../../words/words.ts'

/** Connects the bridge, for what needs that first. */
export function ConnectButton({ onDone }: { readonly onDone?: () => void }): ReactNode {
  const api = useApi()
  const connecting = useAction(async () => {
    await api.connect({})
    onDone?.()
  })
  return (
    <>
      <Button look="primary" icon="power" onClick={connecting.run} isBusy={connecting.isRunning}>
        {words.signIn.connect}
      </Button>
      {connecting.error !== undefined && (
        <span role="alert">
          {words.signIn.connectFailed}: {plain(connecting.error.message)}
        </span>
      )}
    </>
  )
}
