import { type ChangeEvent, type DragEvent, type ReactNode, useRef, useState } from 'react'
import { useApi, useBridgeState } from '../../store/bridge-context.tsx'
import { useAction } from '../../store/use-action.ts'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { CodeText } from '../../ui/code-text.tsx'
import { FailureNotice } from '../../ui/notice.tsx'
import { saveAs } from '../../ui/save-as.ts'
import { words } from '../../words/words.ts'
import { FileEditor } from './file-editor.tsx'
import { ImportDialog } from './import-dialog.tsx'
import type { SettingsDraft, SettingsFile } from './use-settings-draft.ts'

export interface FileSectionProps {
  readonly draft: SettingsDraft
  readonly file: SettingsFile
}

export function FileSection({ draft, file }: FileSectionProps): ReactNode {
  const [imported, setImported] = useState<File>()
  const [isOver, setOver] = useState(false)
  const said = words.settings.fileSection
  const take = (files: FileList | null): void => setImported(files?.[0])
  const onDrop = (event: DragEvent): void => {
    event.preventDefault()
    setOver(false)
    take(event.dataTransfer.files)
  }
  return (
    <>
      <Card title={said.where}>
        {/* A drop is a short cut; the button beside does the same with the keyboard. */}
        {/* biome-ignore lint/a11y/noStaticElementInteractions: see above */}
        <div
          className={isOver ? 'drop drop-over' : 'drop'}
          onDragOver={(event) => {
            event.preventDefault()
            setOver(true)
          }}
          onDragLeave={() => setOver(false)}
          onDrop={onDrop}
        >
          <CodeText text={file.path} copyLabel={said.copyPath} />
          {!file.existed && <p className="muted">{said.missing}</p>}
          <div className="row">
            <OpenButton />
            <Button icon="download" onClick={() => saveAs('settings.json', file.text, 'application/json')}>
              {said.export}
            </Button>
            <ImportButton onChoose={take} />
          </div>
          <p className="field-hint">{said.drop}</p>
        </div>
      </Card>
      <FileEditor draft={draft} />
      {imported !== undefined && (
        <ImportDialog draft={draft} file={imported} onClose={() => setImported(undefined)} />
      )}
    </>
  )
}

function OpenButton(): ReactNode {
  const api = useApi()
  const hasDesktop = useBridgeState(({ desktop }) => desktop.kind === 'desktop')
  const { run, isRunning, error } = useAction(() => api.openSettingsFile({}))
  const said = words.settings.fileSection
  if (!hasDesktop) return null
  return (
    <>
      <Button icon="external" isBusy={isRunning} onClick={run}>
        {said.open}
      </Button>
      {error !== undefined && <FailureNotice title={said.openFailed} failure={error} isUrgent />}
    </>
  )
}

function ImportButton({ onChoose }: { readonly onChoose: (files: FileList | null) => void }): ReactNode {
  const input = useRef<HTMLInputElement>(null)
  const onChange = (event: ChangeEvent<HTMLInputElement>): void => {
    onChoose(event.target.files)
    // The same file may be chosen again once it has been corrected.
    event.target.value = ''
  }
  return (
    <>
      <input
        ref={input}
        type="file"
        accept=".json,.jsonc,application/json"
        hidden
        aria-label={words.settings.fileSection.import}
        onChange={onChange}
      />
      <Button icon="plus" onClick={() => input.current?.click()}>
        {words.settings.fileSection.import}
      </Button>
    </>
  )
}
