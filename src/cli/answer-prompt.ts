import type { Answer, Prompt } from '../shared/state/prompt.ts'
import { assertNever } from '../shared/util/assert-never.ts'
import { promptWords } from './prompt-words.ts'
import { plainText } from './terminal-text.ts'

/** A person at a terminal. */
export interface Asker {
  tell(text: string): void
  /** Exactly what was typed, without the line end. */
  ask(question: string, options: { readonly isHidden: boolean }): Promise<string>
}

/** Puts a question of the bridge to a person; what the other host wrote is shown harmlessly. */
export async function askPerson(prompt: Prompt, person: Asker): Promise<Answer> {
  const { title, details } = promptWords(prompt)
  person.tell(plainText(title))
  const shown =
    prompt.kind === 'keyboard-interactive' ? [prompt.instructions].filter((text) => text !== '') : details
  for (const text of shown) person.tell(`  ${plainText(text)}`)
  switch (prompt.kind) {
    case 'host-key':
      return { kind: 'host-key', accept: await isHostAccepted(prompt.fingerprint, person) }
    case 'password':
      return { kind: 'password', password: await person.ask('Password: ', { isHidden: true }) }
    case 'passphrase': {
      const passphrase = await person.ask('Passphrase: ', { isHidden: true })
      return {
        kind: 'passphrase',
        passphrase,
        remember: prompt.canRemember && (await isToBeKept(person, prompt.keptIn)),
      }
    }
    case 'keyboard-interactive': {
      const answers: string[] = []
      for (const { text, echo } of prompt.questions) {
        answers.push(await person.ask(`${plainText(text).trimEnd()} `, { isHidden: !echo }))
      }
      return { kind: 'keyboard-interactive', answers }
    }
    default:
      return assertNever(prompt, 'prompt')
  }
}

/** A whole word or the fingerprint itself, since a stray key must not let a stranger in. */
async function isHostAccepted(fingerprint: string, person: Asker): Promise<boolean> {
  for (;;) {
    const answer = (await person.ask('yes, no, or the fingerprint you expect: ', { isHidden: false })).trim()
    if (answer === 'yes' || answer === fingerprint) return true
    if (answer === 'no') return false
    if (answer.startsWith('SHA256:')) {
      person.tell('That is another fingerprint; the key is refused.')
      return false
    }
  }
}

async function isToBeKept(person: Asker, keptIn = 'in the keychain of this machine'): Promise<boolean> {
  const answer = await person.ask(`Keep it ${keptIn}? yes or no: `, { isHidden: false })
  return answer.trim() === 'yes'
}
