import { setTimeout as delay } from 'node:timers/promises'
import { Command, Option } from 'commander'
import { adminRequest } from '../../node/admin-client.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import { isErrorCode } from '../../shared/errors/codes.ts'
import {
  type AuthStatus,
  authStatusSchema,
  flowStatusSchema,
  startedFlowSchema,
} from '../../shared/protocol/relay-auth.ts'
import { readChoice, readSecret } from '../read-secret.ts'
import { type SocketOptions, socketOf, withSocketOptions } from '../relay-socket.ts'

interface LoginOptions extends SocketOptions {
  readonly pat?: boolean
  readonly openrouterKey?: boolean
  readonly identity?: string
}

/** `sovereign relay login`: signs the running relay in; secrets come from the terminal or a pipe. */
export function relayLoginCommand(): Command {
  return withSocketOptions(new Command('login'))
    .description('sign the relay in to Copilot, or give it an OpenRouter key')
    .option('--pat', 'use a fine-grained token with "Copilot Requests"; it is asked for, or read from a pipe')
    .addOption(
      new Option(
        '--openrouter-key',
        'set the OpenRouter key; it is asked for, or read from a pipe',
      ).conflicts('pat'),
    )
    .addOption(
      new Option(
        '--identity <name>',
        'sign in as your own app (needs copilot.client_id), or as VS Code, at your own risk',
      )
        .choices(['own', 'vscode'])
        .conflicts(['pat', 'openrouterKey']),
    )
    .action(login)
}

export function relayLogoutCommand(): Command {
  return withSocketOptions(new Command('logout'))
    .description('forget the Copilot sign-in of the relay')
    .option('--openrouter', 'forget the OpenRouter key instead')
    .action(async (options: SocketOptions & { readonly openrouter?: boolean }) => {
      const query = options.openrouter ? '?upstream=openrouter' : ''
      const { body } = await adminRequest(socketOf(options), 'DELETE', `/auth/token${query}`)
      console.log(describe(authStatusSchema.parse(body)))
    })
}

export function relayStatusCommand(): Command {
  return withSocketOptions(new Command('status'))
    .description('show what the relay is signed in to')
    .option('--json', 'for machines')
    .action(async (options: SocketOptions & { readonly json?: boolean }) => {
      const { body } = await adminRequest(socketOf(options), 'GET', '/auth/status')
      const status = authStatusSchema.parse(body)
      console.log(options.json ? JSON.stringify(status) : describe(status))
    })
}

async function login(options: LoginOptions): Promise<void> {
  const socket = socketOf(options)
  if (options.openrouterKey) return await giveToken(socket, 'openrouter_api_key', 'OpenRouter key')
  if (options.pat) return await giveToken(socket, 'github_token', 'Fine-grained token')
  try {
    await signIn(socket, options.identity)
  } catch (error) {
    const isUndecided = error instanceof AppError && error.code === 'relay.identity-needed'
    if (!isUndecided || !process.stdin.isTTY) throw error
    await choose(socket)
  }
}

async function giveToken(socket: string, field: string, what: string): Promise<void> {
  const { body } = await adminRequest(socket, 'POST', '/auth/token', { [field]: await readSecret(what) })
  console.log(describe(authStatusSchema.parse(body)))
}

const CHOICE = `How should the relay sign in to Copilot?
  1  with a fine-grained token that has "Copilot Requests" (https://github.com/settings/personal-access-tokens)
  2  in the browser, as VS Code. More models, but GitHub warns of suspending accounts that are used this way.
An app of your own (copilot.client_id in config.json) is asked for neither.
1 or 2: `

async function choose(socket: string): Promise<void> {
  if ((await readChoice(CHOICE, ['1', '2'])) === '1')
    await giveToken(socket, 'github_token', 'Fine-grained token')
  else await signIn(socket, 'vscode')
}

async function signIn(socket: string, identity: string | undefined): Promise<void> {
  const asked = identity === undefined ? {} : { identity }
  const flow = startedFlowSchema.parse((await adminRequest(socket, 'POST', '/auth/device', asked)).body)
  console.log(`\n  Open   ${flow.verification_uri}\n  enter  ${[...flow.user_code].join(' ')}\n`)
  let said = ''
  for (;;) {
    const poll = await adminRequest(socket, 'POST', '/auth/poll', { flow_id: flow.flow_id })
    const state = flowStatusSchema.parse(poll.body)
    if (state.status === 'success') break
    if (state.status !== 'pending')
      throw new AppError(isErrorCode(state.code) ? state.code : 'relay.sign-in-impossible', state.message)
    if (state.message !== said) console.log(state.message)
    said = state.message
    await delay(Math.max(200, state.retry_after_ms ?? flow.interval * 1000))
  }
  const { body } = await adminRequest(socket, 'GET', '/auth/status')
  console.log(describe(authStatusSchema.parse(body)))
}

function describe({ copilot, openrouter, unsaved }: AuthStatus): string {
  const line = (name: string, part: AuthStatus['openrouter'], how: string): string[] => {
    // Nothing to add to "not signed in": one upstream is enough.
    const reason = part?.problem?.code === 'relay.signed-out' ? undefined : part?.problem
    const problem = reason === undefined ? [] : [`  ${reason.message} ${reason.remedy}`]
    return [`${name}: ${part?.authenticated ? `signed in${how}` : 'not signed in'}`, ...problem]
  }
  return [
    ...line('Copilot', copilot, copilot === undefined ? '' : ` (${copilot.identity}, ${copilot.route})`),
    ...line('OpenRouter', openrouter, ''),
    ...(unsaved === undefined ? [] : [`Not saved: ${unsaved} It is lost with the next restart.`]),
  ].join('\n')
}
