import { type ReactNode, useRef } from 'react'
import { Card } from '../../ui/card.tsx'
import { TextArea } from '../../ui/field.tsx'
import { FailureNotice, Notice } from '../../ui/notice.tsx'
import { State } from '../../ui/state.tsx'
import { words } from '../../words/words.ts'
import { TextMistakes } from './text-mistakes.tsx'
import { type Checked, useCheckedText } from './use-checked-text.ts'
import type { SettingsDraft } from './use-settings-draft.ts'

const CHECK_AFTER_MS = 300

/** The settings file as text, judged as it is typed. */
export function FileEditor({ draft }: { readonly draft: SettingsDraft }): ReactNode {
  const area = useRef<HTMLTextAreaElement>(null)
  const checked = useCheckedText(draft.text, CHECK_AFTER_MS)
  const said = words.settings.fileSection
  const isLocked = draft.edit === 'form'
  return (
    <Card title={said.text} aside={<Verdict checked={checked} />}>
      {isLocked && <Notice tone="quiet" title={words.settings.busyForm} />}
      <TextArea
        ref={area}
        label={<span className="visually-hidden">{said.textLabel}</span>}
        hint={said.textHint}
        value={draft.text}
        rows={22}
        isReadOnly={isLocked}
        onChange={draft.changeText}
      />
      {checked.kind === 'failed' && <FailureNotice title={said.checkFailed} failure={checked.error} />}
      {checked.kind === 'checked' && checked.mistakes.length > 0 && (
        <TextMistakes mistakes={checked.mistakes} onLine={(line) => showLine(area.current, line)} />
      )}
    </Card>
  )
}

function Verdict({ checked }: { readonly checked: Checked }): ReactNode {
  const said = words.settings.fileSection
  return (
    <span role="status">
      {checked.kind === 'checking' && <span className="faint">{said.checking}</span>}
      {checked.kind === 'checked' &&
        (checked.mistakes.length === 0 ? (
          <State tone="good">{said.right}</State>
        ) : (
          <State tone="bad">{words.settings.mistakeCount(checked.mistakes.length)}</State>
        ))}
    </span>
  )
}

/** Selects a line, counted from 1, and brings it into sight. */
function showLine(area: HTMLTextAreaElement | null, line: number): void {
  if (area === null) return
  const lines = area.value.split('\n')
  const start = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0)
  area.focus()
  area.setSelectionRange(start, start + (lines[line - 1]?.length ?? 0))
  // The browser scrolls to the cursor only when something is typed.
  const lineHeight = area.scrollHeight / Math.max(1, lines.length)
  area.scrollTop = Math.max(0, (line - 1) * lineHeight - area.clientHeight / 2)
}
