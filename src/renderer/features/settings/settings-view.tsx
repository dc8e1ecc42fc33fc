import { type ReactNode, useEffect, useRef } from 'react'
import { Button } from '../../ui/button.tsx'
import { FailureNotice, Notice } from '../../ui/notice.tsx'
import { words } from '../../words/words.ts'
import { SettingsEditor } from './settings-editor.tsx'
import './settings.css'
import './rows.css'
import './file-editor.css'
import './changes.css'
import { useSettingsDraft } from './use-settings-draft.ts'

export function SettingsView(): ReactNode {
  const draft = useSettingsDraft()
  const { loaded, loadError, reload } = draft
  const said = words.settings
  return (
    <div className="settings">
      <h1 className="view-title">{said.title}</h1>
      {loadError !== undefined && (
        <FailureNotice
          title={said.cannotRead}
          failure={loadError}
          isUrgent
          actions={<Button onClick={() => void reload()}>{said.tryAgain}</Button>}
        />
      )}
      {loaded === undefined && loadError === undefined && <Notice tone="busy" title={said.loading} />}
      {loaded !== undefined && <SettingsEditor draft={draft} loaded={loaded} />}
      <SaveKey draft={draft} />
    </div>
  )
}

/** Ctrl+S and ⌘S, which would otherwise save the page. */
function SaveKey({ draft }: { readonly draft: ReturnType<typeof useSettingsDraft> }): ReactNode {
  const latest = useRef(draft)
  useEffect(() => {
    latest.current = draft
  })
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== 's' || event.altKey || !(event.ctrlKey || event.metaKey)) return
      event.preventDefault()
      const { edit, next, isConflict, save } = latest.current
      if (edit !== 'none' && next !== undefined && !isConflict) save()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [])
  return null
}
