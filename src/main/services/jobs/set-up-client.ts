import type { JobOrder } from '../../../shared/bridge-api/calls.ts'
import { AppError, fromFailure } from '../../../shared/errors/app-error.ts'
import { CLIENT_NAME_MAX } from '../../../shared/protocol/clients.ts'
import type { ClientState } from '../../../shared/state/bridge-state.ts'
import { linkCause } from '../../../shared/state/link.ts'
import { answeredFailure } from '../../bridge/answered-failure.ts'
import type { BridgeCore } from '../../bridge/bridge-core.ts'
import { RelayAdmin } from '../../bridge/relay-admin.ts'
import type { ExecResult, SshLink } from '../../ssh/link.ts'
import type { JobPlan, StepContext, StepResult } from './job-plan.ts'
import { lastWords, shellQuote } from './run-script.ts'

/** Writes the configuration of AI clients on a client machine, as `curl …/setup | bash` does, over its own tunnel. */
export function planSetUpClient(
  core: BridgeCore,
  { name }: Extract<JobOrder, { kind: 'set-up-client' }>,
): JobPlan {
  const setUp = new ClientSetUp(core, name)
  return {
    kind: 'set-up-client',
    subject: name,
    steps: [
      { id: 'tunnel', title: `See whether ${name} is connected`, run: async () => setUp.checkTunnel() },
      { id: 'token', title: `Make a token for ${name}`, run: (context) => setUp.makeToken(context) },
      { id: 'set-up', title: `Set up the AI clients on ${name}`, run: (context) => setUp.run(context) },
      { id: 'verify', title: `Send a request from ${name}`, run: ({ signal }) => setUp.verify(signal) },
    ],
    close: async () => undefined,
  }
}

/** Where the set-up script keeps what it needs to take its part out again. */
const WAS_SET_UP = `config=\${OPENCODE_CONFIG:-\${XDG_CONFIG_HOME:-$HOME/.config}/opencode/opencode.json}
[ -d "$(dirname "$config")/.sovereign" ] && echo yes
exit 0
`

/** What the script has said was wrong: the last lines of what is not meant for other programs. */
function complaint(result: ExecResult): string {
  const lines = result.stderr.trim().split('\n').slice(-LINES_OF_COMPLAINT)
  return lines.join(' ').trim() || `${lastWords(result)}.`
}

const LINES_OF_COMPLAINT = 3

class ClientSetUp {
  private readonly core: BridgeCore
  private readonly name: string
  private token: string | undefined

  constructor(core: BridgeCore, name: string) {
    this.core = core
    this.name = name
  }

  checkTunnel(): string {
    const client = this.client()
    const { link, listen, listener, path } = client
    const cause =
      linkCause(link) ??
      (listener.phase === 'failed' ? listener.cause : undefined) ??
      (path.kind === 'broken' ? path.cause : undefined)
    if (cause !== undefined) throw fromFailure(cause)
    if (link.phase !== 'connected' || listener.phase !== 'listening')
      throw new AppError('ssh.not-connected', `${this.name} is not connected at the moment.`, {
        remedy: client.enabled ? 'Connect first, then try again.' : 'Switch the client on first.',
      })
    if (listen.kind === 'socket')
      throw new AppError(
        'setup.host-unusable',
        `${this.name} listens on a unix socket, which AI clients cannot use.`,
        {
          remedy: 'Give the client a port, such as 127.0.0.1:8080, in the settings.',
        },
      )
    return `${this.base()} is open there.`
  }

  /** The token is shown to nobody: it goes to the machine through the tunnel, on standard input. */
  async makeToken({ onUndo }: StepContext): Promise<StepResult> {
    const admin = new RelayAdmin(this.core.relay())
    const known = await admin.clients().catch((error: unknown) => {
      if (error instanceof AppError) return error
      throw error
    })
    if (known instanceof AppError) return { skipped: `The relay cannot be asked for one: ${known.message}` }
    if (!known.required) return { skipped: 'The relay asks for none.' }
    const name = this.name.replace(/[^A-Za-z0-9._-]+/g, '-').slice(0, CLIENT_NAME_MAX)
    if (known.clients.some((client) => client.name === name))
      return { skipped: `${name} got one before, which is used again.` }
    const { token } = await admin.addClient(name)
    this.token = token
    onUndo(() => admin.revokeClient(name))
    return `${name} may use the relay from now on.`
  }

  async run(context: StepContext): Promise<string> {
    const { onUndo, signal, tell } = context
    const { stdout } = await this.link().exec('bash -s', { stdin: WAS_SET_UP, signal })
    // What worked before is not to be taken away because a change of it has failed.
    if (stdout.trim() !== 'yes') onUndo((undoing) => this.runSetup('--uninstall', { signal: undoing, tell }))
    await this.runSetup('', context)
    return `${this.name} is set up.`
  }

  /** One that costs nothing, but goes the whole way to the upstream. */
  async verify(signal: AbortSignal): Promise<string> {
    const header = this.token === undefined ? '' : `header = "Authorization: Bearer ${this.token}"`
    const url = shellQuote(`${this.base()}/v1/models`)
    const script = `curl -sS --noproxy '*' --max-time 60 -w '\\n%{http_code}' --config - ${url} <<'END'\n${header}\nEND\n`
    const result = await this.link().exec('bash -s', { stdin: script, signal })
    if (result.exitCode !== 0)
      throw new AppError(
        'relay.unreachable',
        `A request from ${this.name} got no answer: ${lastWords(result)}.`,
      )
    const at = result.stdout.lastIndexOf('\n')
    const status = result.stdout.slice(at + 1).trim()
    if (status === '200') return 'The models of the relay came back: the whole way works.'
    const failure = answeredFailure(
      parseJson(result.stdout.slice(0, at)),
      `It answered with status ${status}.`,
    )
    // What the upstream lacks is nothing that the client could be set up better for.
    if (failure === undefined || failure.code === 'relay.unreachable')
      throw failure ?? new AppError('relay.not-a-relay', `${this.name} got status ${status} for its request.`)
    return failure.code === 'clients.token-required'
      ? 'The relay is reached, and asks for the token that the AI clients there have.'
      : `The relay is reached. ${failure.message} ${failure.remedy}`
  }

  /** `curl …/setup | bash`, as one would type it there. */
  private async runSetup(
    option: string,
    { signal, tell }: Pick<StepContext, 'signal' | 'tell'>,
  ): Promise<void> {
    const token = this.token === undefined ? '' : `export SOVEREIGN_TOKEN=${shellQuote(this.token)}\n`
    const script = `set -o pipefail\n${token}curl -fsSL --noproxy '*' ${shellQuote(`${this.base()}/setup`)} | bash -s -- ${option}\n`
    const onOutput = (text: string): void => {
      const line = text.trim().split('\n').at(-1)
      if (line !== undefined && line !== '')
        tell(this.token === undefined ? line : line.replaceAll(this.token, '…'))
    }
    const result = await this.link().exec('bash -s', { stdin: script, onOutput, signal })
    signal.throwIfAborted()
    if (result.exitCode === 0) return
    throw new AppError('job.unexpected-answer', `The set-up on ${this.name} stopped: ${complaint(result)}`, {
      remedy: `Run it there by hand to see more: curl -fsSL ${this.base()}/setup | bash`,
    })
  }

  private client(): ClientState {
    const client = this.core.state.clients.find((candidate) => candidate.name === this.name)
    if (client !== undefined) return client
    throw new AppError('api.not-found', `There is no client named "${this.name}" in this profile.`)
  }

  private link(): SshLink {
    return this.core.clientLink(this.name)
  }

  /** As it is written in the documentation, so that both ways give the same configuration. */
  private base(): string {
    const { listen } = this.client()
    if (listen.kind === 'socket') return `unix:${listen.path}`
    const host =
      listen.host === '127.0.0.1' ? 'localhost' : listen.host.includes(':') ? `[${listen.host}]` : listen.host
    return `http://${host}:${listen.port}`
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
