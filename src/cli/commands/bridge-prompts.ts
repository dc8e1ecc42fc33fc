import { setTimeout as delay } from 'node:timers/promises'
import { Command } from 'commander'
import type { BridgeConnection } from '../../shared/bridge-api/connect-api.ts'
import { watchState } from '../../shared/bridge-api/watch-state.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import type { Prompt } from '../../shared/state/prompt.ts'
import { type Asker, askPerson } from '../answer-prompt.ts'
import { type BridgeOptions, withBridge, withBridgeOptions } from '../bridge-connection.ts'
import { promptWords } from '../prompt-words.ts'
import { TERMINAL } from '../terminal-asker.ts'
import { plainText } from '../terminal-text.ts'

interface PromptsOptions extends BridgeOptions {
  readonly wait?: boolean
}

/** A login often asks again right after an answer, such as for a second factor. */
const FOLLOW_UP_MS = 3000

/** `sovereign prompts`: puts the open questions of the bridge to the person at the terminal. */
export function promptsCommand(): Command {
  return withBridgeOptions(new Command('prompts'))
    .description('answer what the bridge asks: host keys, passphrases, passwords, second factors')
    .option('--wait', 'stay and answer what is asked later')
    .action((options: PromptsOptions) =>
      withBridge(options, async (bridge) => {
        if (!process.stdin.isTTY) return await listPrompts(bridge)
        const count = await answerPrompts(bridge, TERMINAL, options.wait ? undefined : FOLLOW_UP_MS)
        if (count === 0) TERMINAL.tell('Nothing is asked.')
      }),
    )
}

async function listPrompts(bridge: BridgeConnection): Promise<void> {
  for (const prompt of (await bridge.getState({})).prompts) {
    const { title, details } = promptWords(prompt)
    console.log([title, ...details.map((text) => `  ${plainText(text)}`)].map(plainText).join('\n'))
  }
  throw new AppError('prompt.cancelled', 'Questions are answered at a terminal, and this is none.', {
    remedy: 'Run "sovereign prompts" in a terminal.',
  })
}

/**
 * Puts every question to the person, one after another.
 *
 * @param followUpMs how long to wait for another one after an answer; without it, until the bridge goes away.
 * @returns how many were asked.
 */
export async function answerPrompts(
  bridge: BridgeConnection,
  person: Asker,
  followUpMs: number | undefined,
): Promise<number> {
  const asked = new Set<string>()
  let open: readonly Prompt[] = []
  let wake = (): void => {}
  const off = await watchState(bridge, ({ prompts }) => {
    open = prompts
    wake()
  })
  const next = (): Prompt | undefined => open.find(({ id }) => !asked.has(id))
  try {
    for (;;) {
      const prompt = next()
      if (prompt !== undefined) {
        asked.add(prompt.id)
        await putQuestion(bridge, prompt, person)
      } else if (asked.size === 0 && followUpMs !== undefined) return 0
      else {
        const news = new Promise<void>((resolve) => {
          wake = resolve
        })
        const isMore = await Promise.race([news.then(() => true), patience(bridge, followUpMs)])
        if (!isMore && next() === undefined) return asked.size
      }
    }
  } finally {
    off()
  }
}

/** Resolves to false when the time is up; rejects when the bridge goes away. */
async function patience(bridge: BridgeConnection, ms: number | undefined): Promise<false> {
  const gone = bridge.closed.then((reason): never => {
    throw reason
  })
  if (ms === undefined) return await gone
  return await Promise.race([gone, delay(ms, false as const)])
}

async function putQuestion(bridge: BridgeConnection, prompt: Prompt, person: Asker): Promise<void> {
  const answer = await askPerson(prompt, person)
  try {
    await bridge.answerPrompt({ id: prompt.id, answer })
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'api.not-found')) throw error
    person.tell('That was answered elsewhere, or is no longer asked.')
  }
}
