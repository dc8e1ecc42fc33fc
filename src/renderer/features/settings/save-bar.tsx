import type { ReactNode } from 'react'
import { Button } from '../../ui/button.tsx'
import { FailureNotice } from '../../ui/notice.tsx'
import { words } from '../../words/words.ts'
import { ChangeList } from './change-list.tsx'
import { describeChanges } from './describe-changes.ts'
import { EffectsList } from './effects-list.tsx'
import type { SettingsDraft } from './use-settings-draft.ts'

export interface SaveBarProps {
  readonly draft: SettingsDraft
  /** Where the first mistake is; undefined where it cannot be shown. */
  readonly onShowMistake: (() => void) | undefined
}

/** Stays in sight while something is unsaved, and says what a save would do. */
export function SaveBar({ draft, onShowMistake }: SaveBarProps): ReactNode {
  const { loaded, next, saveError } = draft
  if (loaded === undefined) return null
  const changes = next === undefined ? [] : describeChanges(loaded.saved ?? loaded.running, next)
  return (
    <section className="save-bar" aria-label={words.settings.bar.label}>
      {saveError !== undefined && (
        <FailureNotice title={words.settings.bar.saveFailed} failure={saveError} isUrgent />
      )}
      {next !== undefined && (
        <details className="save-details">
          <summary>{words.settings.changeCount(changes.length)}</summary>
          <ChangeList changes={changes} />
        </details>
      )}
      {next !== undefined && <EffectsList before={loaded.running} after={next} />}
      <div className="save-row">
        <p role="status">
          <SaveSummary draft={draft} />
        </p>
        <div className="row">
          {next === undefined && onShowMistake !== undefined && (
            <Button look="quiet" onClick={onShowMistake}>
              {words.settings.bar.toMistake}
            </Button>
          )}
          <Button isDisabled={draft.isSaving} onClick={draft.discard}>
            {words.settings.discard}
          </Button>
          <Button
            look="primary"
            isDisabled={next === undefined || draft.isConflict}
            isBusy={draft.isSaving}
            onClick={draft.save}
          >
            {words.settings.save}
          </Button>
        </div>
      </div>
    </section>
  )
}

function SaveSummary({ draft }: { readonly draft: SettingsDraft }): ReactNode {
  const said = words.settings
  const count = draft.edit === 'form' ? (draft.reading?.mistakes.length ?? 0) : 0
  if (count > 0)
    return <strong className="save-wrong">{said.bar.withMistakes(said.mistakeCount(count))}</strong>
  return <strong>{said.bar.unsaved}</strong>
}
