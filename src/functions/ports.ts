import type { WakeStage } from '../shared/state/egress.ts'

// What the cores know of AWS: these, and nothing of its SDK. Times are milliseconds since the Unix epoch.

export interface ServiceState {
  readonly desired: number
  readonly running: number
  readonly pending: number
  readonly tags: ReadonlyMap<string, string>
}

/** The one ECS service that the functions are for. */
export interface TunnelService {
  /** `undefined` when there is no such service. */
  describe(): Promise<ServiceState | undefined>
  scale(desired: 0 | 1): Promise<void>
  putTags(tags: Readonly<Record<string, string>>): Promise<void>
  dropTags(keys: readonly string[]): Promise<void>
}

export interface TaskState {
  readonly stage: WakeStage
  /** Set once the task is told to stop, whatever its stage says yet. */
  readonly isLeaving: boolean
  readonly isUnhealthy: boolean
  readonly createdAt: number
  /** Fargate charges from when it starts to fetch the image. */
  readonly chargedSince: number | undefined
  readonly startedAt: number | undefined
  readonly stoppedReason: string | undefined
  readonly networkInterface: string | undefined
}

export interface TunnelTasks {
  /** All of them, also those that stopped within the last hour or so. */
  list(): Promise<readonly TaskState[]>
}

/** @returns public addresses by network interface; those without one are missing. */
export type PublicAddresses = (interfaces: readonly string[]) => Promise<ReadonlyMap<string, string>>

export interface Traffic {
  /** When the last minute ended in which a byte or a request went through; `undefined` if none is known. */
  readonly lastActiveAt: number | undefined
  readonly averageConnections: number
}

/** Missing datapoints count as no traffic: a server that reports nothing is not kept awake. */
export type ReadTraffic = (from: number, to: number) => Promise<Traffic>
