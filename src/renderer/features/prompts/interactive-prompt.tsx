import { type ReactNode, useState } from 'react'
import { Facts } from '../../ui/facts.tsx'
import { Input } from '../../ui/field.tsx'
import { plain } from '../../ui/plain.ts'
import { SafeText } from '../../ui/safe-text.tsx'
import { words } from '../../words/words.ts'
import { firstFocus } from './first-focus.ts'
import { PromptForm, type PromptProps, useAnswer } from './prompt-form.tsx'

/** A host may say as much as it likes; this much is shown. */
const MOST_LINES = 20
const MOST_QUESTIONS = 20

/** Whatever a host asks, such as a code of a second factor: in its words, marked as its words. */
export function InteractivePrompt(props: PromptProps<'keyboard-interactive'>): ReactNode {
  const { prompt, before, onAnswered } = props
  const { user, host, title, instructions } = prompt
  const questions = prompt.questions.slice(0, MOST_QUESTIONS)
  const answer = useAnswer(prompt.id, onAnswered)
  const [answers, setAnswers] = useState<readonly string[]>(() => prompt.questions.map(() => ''))
  const lines = [title, ...instructions.split(/\r\n|\r|\n/)].filter((line) => line.trim() !== '')
  return (
    <PromptForm
      title={words.prompts.interactiveTitle(plain(host, 80))}
      before={before}
      answer={answer}
      submit={questions.length === 0 ? words.prompts.goOn : words.prompts.send}
      onSubmit={() => {
        setAnswers(prompt.questions.map(() => ''))
        return { kind: 'keyboard-interactive', answers }
      }}
    >
      <p className="muted">
        {words.prompts.interactiveLead} {questions.length === 0 && words.prompts.noQuestion}
      </p>
      <Facts
        facts={[{ name: words.prompts.login, value: <SafeText text={`${user}@${host}`} maxLength={200} /> }]}
      />
      {lines.length > 0 && (
        <blockquote className="host-says" aria-label={words.prompts.saidBy(plain(host, 80))}>
          {lines.slice(0, MOST_LINES).map((line, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: lines of one text, which never changes
            <p key={index}>
              <SafeText text={line} maxLength={300} />
            </p>
          ))}
        </blockquote>
      )}
      {questions.map(({ text, echo }, index) => (
        <Input
          // biome-ignore lint/suspicious/noArrayIndexKey: questions of one prompt, which never change
          key={index}
          {...(index === 0 ? { ref: firstFocus } : {})}
          label={
            plain(text, 200).trim() === '' ? (
              words.prompts.answerTo(index + 1)
            ) : (
              <SafeText text={text} maxLength={200} />
            )
          }
          type={echo ? 'text' : 'password'}
          autoComplete={echo ? 'off' : 'one-time-code'}
          value={answers[index] ?? ''}
          onChange={(value) => setAnswers((before) => before.with(index, value))}
        />
      ))}
    </PromptForm>
  )
}
