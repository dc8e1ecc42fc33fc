import type { Answer, Prompt } from '../shared/state/prompt.ts'
import { assertNever } from '../shared/util/assert-never.ts'
import { printable } from './printable.ts'
import { readChoice, readLine, readSecret } from './read-secret.ts'

/** Puts one question to the person at the terminal. Rejects with `prompt.cancelled` when there is no answer. */
export async function askPrompt(prompt: Prompt, secretsPlace = 'in the keychain'): Promise<Answer> {
  switch (prompt.kind) {
    case 'host-key':
      return askHostKey(prompt)
    case 'passphrase':
      return askPassphrase(prompt, secretsPlace)
    case 'password':
      return {
        kind: 'password',
        password: await readSecret(
          `Password of ${printable(prompt.user)}@${printable(prompt.host)}${again(prompt.attempt)}`,
        ),
      }
    case 'keyboard-interactive':
      return askQuestions(prompt)
    default:
      return assertNever(prompt)
  }
}

async function askHostKey({
  host,
  port,
  keyType,
  fingerprint,
}: Extract<Prompt, { kind: 'host-key' }>): Promise<Answer> {
  console.error(
    `${printable(host)}:${port} has never been seen before. It shows this ${printable(keyType)} key:\n\n  ${fingerprint}\n`,
  )
  console.error(
    'Compare it with what the host itself prints: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub',
  )
  const answer = await readChoice('Is it the same? [yes/no] ', ['yes', 'no'])
  return { kind: 'host-key', accept: answer === 'yes' }
}

async function askPassphrase(
  prompt: Extract<Prompt, { kind: 'passphrase' }>,
  secretsPlace: string,
): Promise<Answer> {
  const passphrase = await readSecret(`Passphrase of ${printable(prompt.keyFile)}${again(prompt.attempt)}`)
  const remember =
    prompt.canRemember &&
    (await readChoice(`Remember it ${secretsPlace}? [yes/no] `, ['yes', 'no'])) === 'yes'
  return { kind: 'passphrase', passphrase, remember }
}

async function askQuestions(prompt: Extract<Prompt, { kind: 'keyboard-interactive' }>): Promise<Answer> {
  const lines = [prompt.title, prompt.instructions].filter((text) => text !== '')
  console.error(
    [`${printable(prompt.host)} asks ${printable(prompt.user)}:`, ...lines.map(printable)].join('\n'),
  )
  const answers: string[] = []
  for (const { text, echo } of prompt.questions) {
    const question = printable(text).replace(/[:\s]+$/, '')
    answers.push(echo ? await readLine(`${question}: `) : await readSecret(question))
  }
  return { kind: 'keyboard-interactive', answers }
}

function again(attempt: number): string {
  return attempt > 1 ? ` (attempt ${attempt})` : ''
}
