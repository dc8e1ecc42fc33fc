import { onTestFinished } from 'vitest'
import { awsControl } from '../../src/main/control/aws.ts'
import type { ControlPlane } from '../../src/main/control/control-plane.ts'
import type { KeeperState, KeeperTimes, ServerKeeperOptions } from '../../src/main/control/keeper-options.ts'
import { createServerKeeper, type ServerKeeper } from '../../src/main/control/server-keeper.ts'
import { REAL_AMBIENT } from '../../src/node/ambient.ts'
import { createLogger } from '../../src/node/log.ts'
import { type SwitchableServer, switchableServer } from './switchable-server.ts'
import { type FakeAws, type FakeAwsOptions, startFakeAws } from './upstreams/fake-aws.ts'

export interface AwsWorld {
  readonly aws: FakeAws
  /** What its tasks are to the world. */
  readonly server: SwitchableServer
  /** As an agent with credentials of its own. */
  control(secret?: string): ControlPlane
}

/** Signed function URLs in front of a stand-in for AWS, whose task is a server of this machine. */
export async function startAwsWorld(options: FakeAwsOptions = {}): Promise<AwsWorld> {
  const server = await switchableServer()
  const aws = await startFakeAws({
    port: server.port,
    onRunning: () => void server.on(),
    onStopped: () => void server.off(),
    ...options,
  })
  aws.addUser('AKIALAPTOP', 'the secret of the laptop')
  onTestFinished(async () => {
    await aws.close()
    await server.off()
  })
  return {
    aws,
    server,
    control: (secretAccessKey = 'the secret of the laptop') =>
      awsControl(
        {
          kind: 'aws',
          wake: aws.url('wake'),
          query: aws.url('query'),
          kill: aws.url('kill'),
          region: 'eu-central-1',
        },
        {
          ambient: REAL_AMBIENT,
          port: server.port,
          credentials: async () => ({ accessKeyId: 'AKIALAPTOP', secretAccessKey }),
        },
      ),
  }
}

export interface KeptServer {
  readonly keeper: ServerKeeper
  /** Every state that it went through. */
  readonly states: KeeperState[]
  /** The phases, and of waking the stages, without repetitions. */
  path(): string[]
}

/** Fast enough for a test; closed at its end. */
const TIMES: Partial<KeeperTimes> = {
  pollMs: 10,
  freshMs: 0,
  coolDownMs: { automatic: 0, user: 0, never: 0 },
}

export function startKeeper(
  options: Pick<ServerKeeperOptions, 'control'> & Partial<ServerKeeperOptions>,
): KeptServer {
  const states: KeeperState[] = []
  const keeper = createServerKeeper({
    owner: 'laptop',
    ambient: REAL_AMBIENT,
    log: createLogger('test', 'silent'),
    holdMs: 20_000,
    onState: (state) => states.push(state),
    ...options,
    times: { ...TIMES, ...options.times },
  })
  onTestFinished(() => keeper.close(0))
  return {
    keeper,
    states,
    path: () =>
      states
        .map((state) => (state.phase === 'waking' ? `waking ${state.stage}` : state.phase))
        .filter((step, index, all) => step !== all[index - 1]),
  }
}
