import { useCallback, useDeferredValue, useEffect, useMemo, useRef, useState } from 'react'
import type { CallResult } from '../../../shared/bridge-api/calls.ts'
import { type AppError, toAppError } from '../../../shared/errors/app-error.ts'
import type { Settings } from '../../../shared/settings/schema.ts'
import { useApi } from '../../store/bridge-context.tsx'
import { useAction } from '../../store/use-action.ts'
import { type FormReading, readForm } from './form-mistakes.ts'
import { readText } from './read-text.ts'
import { formOf, type SettingsForm, textOf } from './settings-form.ts'

export type SettingsFile = CallResult<'getSettingsFile'>

/** What somebody has begun to change. The form and the text of the file are edited one at a time. */
type Edit =
  | { readonly kind: 'none' }
  | { readonly kind: 'form'; readonly form: SettingsForm }
  | { readonly kind: 'text'; readonly text: string }

interface Loaded {
  readonly file: SettingsFile
  /** What the bridge uses now, which an edited file may not have reached yet. */
  readonly running: Settings
  /** What the file says; undefined where it has mistakes. */
  readonly saved: Settings | undefined
}

export interface SettingsDraft {
  readonly loaded: Loaded | undefined
  readonly loadError: AppError | undefined
  readonly edit: Edit['kind']
  /** As edited; undefined while the file cannot be understood. */
  readonly form: SettingsForm | undefined
  readonly reading: FormReading | undefined
  readonly text: string
  /** What a save would make of the settings, where it would work. */
  readonly next: Settings | undefined
  readonly changeForm: (change: (form: SettingsForm) => SettingsForm) => void
  readonly changeText: (text: string) => void
  readonly discard: () => void
  readonly reload: () => Promise<void>
  readonly save: () => void
  /** Puts a text in place of the file, whatever is being edited. */
  readonly saveText: (text: string) => Promise<void>
  readonly isSaving: boolean
  readonly saveError: AppError | undefined
  /** The file is not the one that was read any more. */
  readonly isConflict: boolean
  readonly overwrite: () => void
  /** What was done last, for a status line. */
  readonly said: 'nothing' | 'saved' | 'changed-outside'
}

const NO_EDIT: Edit = { kind: 'none' }

/** The settings file while somebody edits it: read, judged as typed, written, and watched for other writers. */
export function useSettingsDraft(): SettingsDraft {
  const api = useApi()
  const [loaded, setLoaded] = useState<Loaded>()
  const [loadError, setLoadError] = useState<AppError>()
  const [edit, setEdit] = useState<Edit>(NO_EDIT)
  const [isConflict, setConflict] = useState(false)
  const [said, setSaid] = useState<SettingsDraft['said']>('nothing')

  const load = useCallback(async () => {
    try {
      const [file, running] = await Promise.all([api.getSettingsFile({}), api.getSettings({})])
      setLoaded({ file, running, saved: readText(file.text) })
      setLoadError(undefined)
      setEdit(NO_EDIT)
      setConflict(false)
    } catch (error) {
      setLoadError(toAppError(error))
    }
  }, [api])
  useEffect(() => void load(), [load])

  const savedForm = useMemo(() => (loaded?.saved === undefined ? undefined : formOf(loaded.saved)), [loaded])
  const form = edit.kind === 'form' ? edit.form : savedForm
  const judged = useDeferredValue(form)
  const reading = useMemo(() => (judged === undefined ? undefined : readForm(judged)), [judged])
  const text = edit.kind === 'text' ? edit.text : (loaded?.file.text ?? '')
  const judgedText = useDeferredValue(edit.kind === 'text' ? edit.text : undefined)
  const next = useMemo(
    () => (judgedText === undefined ? reading?.settings : readText(judgedText)),
    [judgedText, reading],
  )

  const saveText = useCallback(
    async (text: string, revision: string | undefined) => {
      try {
        await api.saveSettings({ text, ...(revision === undefined ? {} : { revision }) })
      } catch (error) {
        if (toAppError(error).code !== 'settings.changed-on-disk') throw error
        setConflict(true)
        return
      }
      await load()
      setSaid('saved')
    },
    [api, load],
  )
  const pending = edit.kind === 'form' ? textOf(edit.form) : text
  const saving = useAction(() => saveText(pending, loaded?.file.revision))
  const overwriting = useAction(async () => {
    const { revision } = await api.getSettingsFile({})
    setConflict(false)
    await saveText(pending, revision)
  })
  useOutsideChanges(loaded?.file.revision, async () => {
    if (edit.kind !== 'none') return setConflict(true)
    await load()
    setSaid('changed-outside')
  })

  return {
    loaded,
    loadError,
    edit: edit.kind,
    form,
    reading,
    text,
    next,
    changeForm: (change) => {
      setSaid('nothing')
      setEdit((before) => {
        const base = before.kind === 'form' ? before.form : savedForm
        if (base === undefined || before.kind === 'text') return before
        const form = change(base)
        return savedForm !== undefined && textOf(form) === textOf(savedForm)
          ? NO_EDIT
          : { kind: 'form', form }
      })
    },
    changeText: (text) => {
      setSaid('nothing')
      setEdit(text === loaded?.file.text ? NO_EDIT : { kind: 'text', text })
    },
    discard: () => {
      saving.dismiss()
      setConflict(false)
      setEdit(NO_EDIT)
    },
    reload: load,
    save: saving.run,
    saveText: (text) => saveText(text, loaded?.file.revision),
    isSaving: saving.isRunning || overwriting.isRunning,
    saveError: saving.error ?? overwriting.error,
    isConflict,
    overwrite: overwriting.run,
    said,
  }
}

/** Looks whether the file is still the same whenever the window comes to the front again. */
function useOutsideChanges(revision: string | undefined, onChange: () => Promise<void>): void {
  const api = useApi()
  const latest = useRef(onChange)
  useEffect(() => {
    latest.current = onChange
  })
  useEffect(() => {
    if (revision === undefined) return
    let isOver = false
    const look = async (): Promise<void> => {
      try {
        const file = await api.getSettingsFile({})
        if (!isOver && file.revision !== revision) await latest.current()
      } catch {
        // Saving will say what is wrong, and until then nothing depends on it.
      }
    }
    const onFocus = (): void => void look()
    window.addEventListener('focus', onFocus)
    return () => {
      isOver = true
      window.removeEventListener('focus', onFocus)
    }
  }, [api, revision])
}
