import { type ReactNode, useEffect, useState } from 'react'
import { useAction } from '../../store/use-action.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { FailureNotice, Notice } from '../../ui/notice.tsx'
import { plain } from '../../ui/plain.ts'
import { words } from '../../words/words.ts'
import { ChangeList } from './change-list.tsx'
import { describeChanges } from './describe-changes.ts'
import { EffectsList } from './effects-list.tsx'
import { readText } from './read-text.ts'
import { TextMistakes } from './text-mistakes.tsx'
import { useCheckedText } from './use-checked-text.ts'
import type { SettingsDraft } from './use-settings-draft.ts'

export interface ImportDialogProps {
  readonly draft: SettingsDraft
  readonly file: File
  readonly onClose: () => void
}

/** What the bridge takes at most. */
const LARGEST_BYTES = 1_048_576

type Content =
  | { readonly kind: 'reading' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'refused'; readonly reason: string }

/** A settings file from elsewhere: checked, compared with what is in use, and only then saved. */
export function ImportDialog({ draft, file, onClose }: ImportDialogProps): ReactNode {
  const content = useContent(file)
  const text = content.kind === 'text' ? content.text : undefined
  const checked = useCheckedText(text, 0)
  const settings = text === undefined ? undefined : readText(text)
  const isRight = checked.kind === 'checked' && checked.mistakes.length === 0 && settings !== undefined
  const said = words.settings.importDialog
  const { run, isRunning, error } = useAction(async () => {
    if (text === undefined) return
    await draft.saveText(text)
    onClose()
  })
  const running = draft.loaded?.running
  return (
    <Dialog
      title={said.title(plain(file.name, 60))}
      size="l"
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{words.settings.cancel}</Button>
          <Button look="primary" isDisabled={!isRight} isBusy={isRunning} onClick={run}>
            {said.apply}
          </Button>
        </>
      }
    >
      {content.kind === 'refused' && <Notice tone="bad" title={content.reason} isUrgent />}
      {content.kind !== 'refused' && checked.kind === 'checking' && (
        <Notice tone="busy" title={said.checking} />
      )}
      {checked.kind === 'failed' && <FailureNotice title={said.mistakes} failure={checked.error} isUrgent />}
      {checked.kind === 'checked' && checked.mistakes.length > 0 && (
        <>
          <Notice tone="bad" title={said.mistakes} isUrgent />
          <TextMistakes mistakes={checked.mistakes} />
        </>
      )}
      {isRight && running !== undefined && (
        <>
          <p className="muted">
            {said.replaces} {draft.edit !== 'none' && said.drops}
          </p>
          <ChangeList changes={describeChanges(running, settings)} />
          <EffectsList before={running} after={settings} />
        </>
      )}
      {error !== undefined && <FailureNotice title={said.failed} failure={error} isUrgent />}
    </Dialog>
  )
}

/** In the Unicode that its byte order mark tells, or in UTF-8; never with letters that nobody has written. */
function decoded(bytes: ArrayBuffer): Content {
  const [first, second] = new Uint8Array(bytes.slice(0, 2))
  const isLittle = first === 0xff && second === 0xfe
  const isBig = first === 0xfe && second === 0xff
  const encoding = isLittle ? 'utf-16le' : isBig ? 'utf-16be' : 'utf-8'
  try {
    return { kind: 'text', text: new TextDecoder(encoding, { fatal: true }).decode(bytes) }
  } catch {
    return { kind: 'refused', reason: words.settings.importDialog.noText }
  }
}

function useContent(file: File): Content {
  const [content, setContent] = useState<Content>({ kind: 'reading' })
  useEffect(() => {
    const said = words.settings.importDialog
    if (file.size > LARGEST_BYTES) return setContent({ kind: 'refused', reason: said.tooLarge })
    let isOver = false
    file.arrayBuffer().then(
      (bytes) => !isOver && setContent(decoded(bytes)),
      () => !isOver && setContent({ kind: 'refused', reason: said.cannotRead }),
    )
    return () => {
      isOver = true
    }
  }, [file])
  return content
}
