import { type ReactNode, type RefObject, useEffect, useRef, useState } from 'react'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Notice } from '../../ui/notice.tsx'
import { words } from '../../words/words.ts'
import { ActiveSection } from './active-section.tsx'
import { SaveBar } from './save-bar.tsx'
import { SectionNav } from './section-nav.tsx'
import { countMistakes, type SectionId, sectionOf } from './sections.ts'
import { useLeaveGuard } from './use-leave-guard.ts'
import type { SettingsDraft } from './use-settings-draft.ts'

export interface SettingsEditorProps {
  readonly draft: SettingsDraft
  readonly loaded: NonNullable<SettingsDraft['loaded']>
}

/** Sections on one side, what they say on the other, and below it what is unsaved. */
export function SettingsEditor({ draft, loaded }: SettingsEditorProps): ReactNode {
  const [section, setSection] = useState<SectionId>('general')
  const [profileId, setProfileId] = useState<number>()
  const content = useRef<HTMLDivElement>(null)
  const guard = useLeaveGuard(draft.edit !== 'none')
  useFocusAfter(content, draft.edit === 'none')
  const { form, reading } = draft
  const profile = form?.profiles.find(({ id }) => id === (profileId ?? form.activeId)) ?? form?.profiles[0]
  const index = form === undefined || profile === undefined ? 0 : form.profiles.indexOf(profile)
  const mistake = reading?.mistakes[0]
  const showMistake = (): void => {
    if (mistake === undefined) return
    const [, place] = mistake.path
    setSection(sectionOf(mistake.path))
    if (typeof place === 'number') setProfileId(form?.profiles[place]?.id)
    requestAnimationFrame(() => content.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus())
  }
  return (
    <>
      <Notices draft={draft} loaded={loaded} toFile={() => setSection('file')} />
      <div className="settings-columns">
        <SectionNav
          section={section}
          counts={(id) => countMistakes(reading, id, index)}
          onChange={setSection}
        />
        <div ref={content} className="settings-content" tabIndex={-1}>
          <ActiveSection
            section={section}
            draft={draft}
            loaded={loaded}
            profile={profile}
            index={index}
            onProfile={setProfileId}
            onSection={setSection}
          />
        </div>
      </div>
      {draft.edit !== 'none' && (
        <SaveBar draft={draft} onShowMistake={mistake === undefined ? undefined : showMistake} />
      )}
      {guard.isAsking && <LeaveDialog onStay={guard.stay} onLeave={draft.discard} />}
    </>
  )
}

/** The bar goes with its buttons; whoever was on one of them goes on at what they edited. */
function useFocusAfter(target: RefObject<HTMLElement | null>, isClean: boolean): void {
  const wasClean = useRef(isClean)
  useEffect(() => {
    const isNew = isClean && !wasClean.current
    wasClean.current = isClean
    if (isNew && document.activeElement === document.body) target.current?.focus({ preventScroll: true })
  }, [target, isClean])
}

interface NoticesProps extends SettingsEditorProps {
  readonly toFile: () => void
}

function Notices({ draft, loaded, toFile }: NoticesProps): ReactNode {
  const { conflict, broken, differs } = words.settings
  const isDifferent =
    draft.edit === 'none' &&
    loaded.saved !== undefined &&
    JSON.stringify(loaded.saved) !== JSON.stringify(loaded.running)
  return (
    <>
      <p className="said" role="status">
        {draft.said === 'saved' && words.settings.saved}
        {draft.said === 'changed-outside' && words.settings.outside}
      </p>
      {draft.isConflict && (
        <Notice
          tone="ask"
          title={conflict.title}
          isUrgent
          actions={
            <>
              <Button size="s" onClick={() => void draft.reload()}>
                {conflict.reload}
              </Button>
              <Button size="s" isDisabled={draft.next === undefined} onClick={draft.overwrite}>
                {conflict.overwrite}
              </Button>
            </>
          }
        >
          {conflict.body}
        </Notice>
      )}
      {loaded.saved === undefined && (
        <Notice
          tone="bad"
          title={broken.title}
          actions={
            <Button size="s" onClick={toFile}>
              {broken.toFile}
            </Button>
          }
        >
          {broken.body}
        </Notice>
      )}
      {isDifferent && (
        <Notice tone="ask" title={differs.title}>
          {differs.body}
        </Notice>
      )}
    </>
  )
}

function LeaveDialog({
  onStay,
  onLeave,
}: {
  readonly onStay: () => void
  readonly onLeave: () => void
}): ReactNode {
  const said = words.settings.leave
  return (
    <Dialog
      title={said.title}
      onClose={onStay}
      actions={
        <>
          <Button look="danger" onClick={onLeave}>
            {said.go}
          </Button>
          <Button look="primary" onClick={onStay}>
            {said.stay}
          </Button>
        </>
      }
    >
      <p>{said.body}</p>
    </Dialog>
  )
}
