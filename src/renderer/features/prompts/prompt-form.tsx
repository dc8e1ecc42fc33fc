import type { ReactNode } from 'react'
import type { AppError } from '../../../shared/errors/app-error.ts'
import type { Answer, Prompt } from '../../../shared/state/prompt.ts'
import { useApi, useIsStale } from '../../store/bridge-context.tsx'
import { type Action, useAction } from '../../store/use-action.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { FailureNotice, Notice } from '../../ui/notice.tsx'
import { words } from '../../words/words.ts'

export interface PromptProps<Kind extends Prompt['kind']> {
  readonly prompt: Extract<Prompt, { kind: Kind }>
  /** Above the question, such as a word about the one before it. */
  readonly before: ReactNode
  /** An answer is on its way, or has failed to arrive. */
  readonly onAnswered: (id: string, isAnswered: boolean) => void
}

/** Sends answers to one prompt, once at a time. */
export function useAnswer(
  id: string,
  onAnswered: PromptProps<Prompt['kind']>['onAnswered'],
): Action<[Answer]> {
  const api = useApi()
  return useAction(async (answer: Answer) => {
    // Before the answer: the state without the question may be here first.
    onAnswered(id, true)
    try {
      await api.answerPrompt({ id, answer })
    } catch (error) {
      onAnswered(id, false)
      throw error
    }
  })
}

interface FormProps {
  readonly title: ReactNode
  readonly before: ReactNode
  readonly children: ReactNode
  /** The word on the button that goes on. */
  readonly submit: string
  readonly cancel?: string
  readonly answer: Action<[Answer]>
  readonly canSubmit?: boolean
  /** @returns the answer; the form forgets what was typed in the same moment. */
  readonly onSubmit: () => Answer
  readonly onCancel?: () => Answer
}

const CANCEL = (): Answer => ({ kind: 'cancel' })

/** A question as a modal dialog: Enter answers, Escape cancels. */
export function PromptForm(props: FormProps): ReactNode {
  const { title, before, children, submit, answer, canSubmit = true, onSubmit, onCancel = CANCEL } = props
  const isStale = useIsStale()
  const isReady = canSubmit && !isStale
  return (
    <Dialog title={title} onClose={() => answer.run({ kind: 'cancel' })}>
      <form
        className="prompt-form"
        onSubmit={(event) => {
          event.preventDefault()
          if (isReady && !answer.isRunning) answer.run(onSubmit())
        }}
      >
        {before}
        {children}
        <AnswerFailure error={answer.error} isStale={isStale} />
        <div className="prompt-buttons">
          <Button onClick={() => answer.run(onCancel())} isDisabled={isStale}>
            {props.cancel ?? words.prompts.cancel}
          </Button>
          <Button
            type="submit"
            look="primary"
            isBusy={answer.isRunning}
            isDisabled={!isReady && !answer.isRunning}
          >
            {submit}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

function AnswerFailure({ error, isStale }: { error: AppError | undefined; isStale: boolean }): ReactNode {
  if (isStale) return <Notice tone="busy" title={words.prompts.stale} isUrgent />
  if (error === undefined) return null
  return <FailureNotice title={words.prompts.answerFailed} failure={error} isUrgent />
}
