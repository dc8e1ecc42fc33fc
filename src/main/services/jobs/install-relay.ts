import { setTimeout as delay } from 'node:timers/promises'
import { VERSION } from '../../../node/version.ts'
import type { JobOrder } from '../../../shared/bridge-api/calls.ts'
import { AppError } from '../../../shared/errors/app-error.ts'
import type { Health } from '../../../shared/protocol/relay-auth.ts'
import type { BridgeCore } from '../../bridge/bridge-core.ts'
import { httpOver } from '../../bridge/http-over.ts'
import type { Carried } from './carried.ts'
import { describeRelay, findRelay } from './find-relay.ts'
import { describeFacts, type HostFacts, hasNode, lookAt, nodePlatform } from './host-facts.ts'
import { HostVisit } from './host-visit.ts'
import {
  CONFIGURE,
  FIND_INSTALLED,
  FORGET_OLD,
  LAST_LOG,
  REMOVE_CONFIG,
  START,
  START_AGAIN,
  STOP,
} from './install-scripts.ts'
import type { JobPlan, PlannedStep, StepContext, StepResult } from './job-plan.ts'
import { runOrFail } from './run-script.ts'
import { checkInstallable } from './test-relay.ts'
import { upload } from './upload.ts'

/** A Raspberry Pi with a slow card takes its time. */
const UP_WITHIN_MS = 40_000
const ASK_EVERY_MS = 300

/** Puts a relay on a host, or a newer one in place of one that was put there so; everything is undone on failure. */
export function planInstallRelay(
  core: BridgeCore,
  order: Extract<JobOrder, { kind: 'install-relay' }>,
  carried: Carried,
): JobPlan {
  const { ssh } = order
  const visit = new HostVisit(core, ssh)
  const installation = new Installation(visit, order.port, carried)
  const step = (id: string, title: string, run: PlannedStep['run']): PlannedStep => ({ id, title, run })
  return {
    kind: 'install-relay',
    subject: ssh,
    steps: [
      ...visit.steps(),
      step('look', `See what ${ssh} has`, ({ signal }) => installation.look(signal)),
      step('copy-node', `Bring Node to ${ssh}`, (context) => installation.copyNode(context)),
      step('copy-bundle', `Copy the relay to ${ssh}`, (context) => installation.copyBundle(context)),
      step('configure', 'Make an empty configuration', (context) => installation.configure(context)),
      step('start', 'Start the relay', (context) => installation.start(context)),
      step('wait', 'Wait until it answers', ({ signal }) => installation.wait(signal)),
    ],
    close: () => visit.close(),
  }
}

interface Found {
  readonly facts: HostFacts
  /** Absolute paths there. */
  readonly bin: string
  readonly data: string
  /** A relay was installed in this way before. */
  readonly isUpgrade: boolean
  /** There was a data folder, with usage that is not ours to remove. */
  readonly hasData: boolean
}

class Installation {
  private readonly visit: HostVisit
  private readonly port: number
  private readonly carried: Carried
  private found: Found | undefined
  private node = ''

  constructor(visit: HostVisit, port: number, carried: Carried) {
    this.visit = visit
    this.port = port
    this.carried = carried
  }

  async look(signal: AbortSignal): Promise<string> {
    const { link, place } = this.visit
    const facts = await lookAt(link, place, signal)
    checkInstallable(facts, place, await this.carried.nodes())
    const answers = keysOf(await this.run(FIND_INSTALLED, 'look for a relay', [], signal))
    const isUpgrade =
      answers.get('bundle') === 'yes' && (answers.get('unit') === 'yes' || answers.get('running') === 'yes')
    const running = await findRelay(link, place, this.port, signal)
    if (running !== undefined && !isUpgrade) throw this.notOurs(running)
    this.found = {
      ...{ facts, isUpgrade, hasData: answers.get('used') === 'yes' },
      bin: answers.get('bin') ?? '',
      data: answers.get('data') ?? '',
    }
    const upgrade = running === undefined ? '' : ` It runs ${describeRelay(running)}.`
    return `${describeFacts(facts)}.${upgrade}`
  }

  async copyNode(context: StepContext): Promise<StepResult> {
    const { bin, facts } = this.known
    if (hasNode(facts) && facts.node !== undefined) {
      this.node = facts.node.path
      return { skipped: `Node ${facts.node.version} is there.` }
    }
    const from = (await this.carried.nodes()).get(nodePlatform(facts) ?? '')
    if (from === undefined)
      throw new AppError('install.no-node', `There is no Node for ${facts.machine} here.`)
    this.node = `${bin}/node`
    const { link, place } = this.visit
    return mebibytes(await upload({ link, place, from, to: this.node, proof: ['{}', '--version'] }, context))
  }

  async copyBundle(context: StepContext): Promise<string> {
    const { bin, facts, isUpgrade } = this.known
    const { link, place } = this.visit
    const file = await this.carried.bundle(context.signal)
    try {
      // Registered first, so that it comes when everything else is as it was.
      if (isUpgrade)
        context.onUndo(async (signal) => {
          await this.run(START_AGAIN, 'start the relay of before', [facts.manager], signal)
        })
      const to = `${bin}/sovereign.mjs`
      const proof = [this.node, '{}', '--version']
      return mebibytes(await upload({ link, place, from: file.path, to, proof }, context))
    } finally {
      await file.release()
    }
  }

  async configure({ onUndo, signal }: StepContext): Promise<StepResult> {
    const made = keysOf(await this.run(CONFIGURE, 'write its configuration', [], signal))
    if (made.get('made') !== 'yes') return { skipped: 'There is one, and it stays as it is.' }
    onUndo(async (undoing) => {
      await this.run(REMOVE_CONFIG, 'remove its configuration', [], undoing)
    })
    return 'Readable by that user alone.'
  }

  async start({ onUndo, signal }: StepContext): Promise<string> {
    const { facts, hasData, isUpgrade } = this.known
    const { manager } = facts
    let linger = ''
    onUndo(async (undoing) => {
      const before = [hasData ? 'there' : '', isUpgrade ? 'yes' : '']
      await this.run(STOP, 'stop the relay', [manager, linger, ...before], undoing)
    })
    const answers = keysOf(
      await this.run(START, 'start the relay', [this.node, String(this.port), manager], signal),
    )
    linger = answers.get('linger') ?? ''
    if (manager === 'none')
      return `${this.visit.place} has no service manager for users: the relay runs until the host restarts. Then run ${this.known.data}/start.sh there.`
    if (linger === 'no')
      return `It stops when the last login of this user ends. To keep it: sudo loginctl enable-linger there.`
    return `${manager} keeps it running, also after a restart of the host.`
  }

  async wait(signal: AbortSignal): Promise<string> {
    const health = await this.untilUp(signal)
    const { link, place } = this.visit
    const limited = AbortSignal.any([signal, AbortSignal.timeout(UP_WITHIN_MS)])
    const socketPath = `${this.known.data}/admin.sock`
    const { status } = await httpOver(await link.openChannel({ socketPath }, limited), {
      method: 'GET',
      path: '/auth/status',
      signal: limited,
    })
    if (status !== 200)
      throw new AppError(
        'job.unexpected-answer',
        `The relay on ${place} refuses its owner (status ${status}).`,
      )
    await this.run(FORGET_OLD, 'remove the files of before', [], signal)
    return `${describeRelay(health)}.`
  }

  private async untilUp(signal: AbortSignal): Promise<Health> {
    const { link, place } = this.visit
    const deadline = performance.now() + UP_WITHIN_MS
    for (;;) {
      const health = await findRelay(link, place, this.port, signal)
      // While it stops, the relay of before may still answer.
      if (health?.version === VERSION) return health
      if (performance.now() > deadline) throw await this.notUp(signal)
      await delay(ASK_EVERY_MS, undefined, { signal })
    }
  }

  private async notUp(signal: AbortSignal): Promise<AppError> {
    const { place } = this.visit
    const log = await this.run(LAST_LOG, 'show the log', [this.known.facts.manager], signal)
    const said = log.trim() === '' ? '' : ` Its log ends with: ${log.trim()}`
    return new AppError(
      'job.unexpected-answer',
      `The relay was started on ${place} and does not answer on port ${this.port}.${said}`,
    )
  }

  private notOurs(health: Health): AppError {
    const { place } = this.visit
    return new AppError(
      'install.not-ours',
      `A relay answers on port ${this.port} of ${place} already (${describeRelay(health)}), and it was not installed from here.`,
    )
  }

  private get known(): Found {
    if (this.found !== undefined) return this.found
    throw new AppError('internal.bug', 'The host was not looked at.')
  }

  private run(script: string, doing: string, args: readonly string[], signal: AbortSignal): Promise<string> {
    return runOrFail(this.visit.link, this.visit.place, script, { doing, args, signal })
  }
}

/** Lines of `key=value`. */
function keysOf(output: string): ReadonlyMap<string, string> {
  return new Map(
    output.split('\n').flatMap((line) => {
      const at = line.indexOf('=')
      return at > 0 ? [[line.slice(0, at), line.slice(at + 1).trim()]] : []
    }),
  )
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB, checksum compared.`
}
