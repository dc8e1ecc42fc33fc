type Stage =
  | 'PROVISIONING'
  | 'PENDING'
  | 'ACTIVATING'
  | 'RUNNING'
  | 'DEACTIVATING'
  | 'STOPPING'
  | 'DEPROVISIONING'
  | 'STOPPED'

/** The stages of a task: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html */
export const UP: readonly Stage[] = ['PROVISIONING', 'PENDING', 'ACTIVATING', 'RUNNING']
export const DOWN: readonly Stage[] = ['DEACTIVATING', 'STOPPING', 'DEPROVISIONING', 'STOPPED']

export interface FakeTask {
  readonly arn: string
  readonly networkInterface: string
  readonly createdAt: number
  stage: Stage
  desiredStatus: 'RUNNING' | 'STOPPED'
  startedAt: number | undefined
  stoppedReason: string | undefined
  /** When it goes on to its next stage. */
  dueAt: number
}

export interface FakeEcsOptions {
  readonly cluster?: string
  readonly service?: string
  readonly now: () => number
  /** How long a task stays in a stage. With 0 it moves on with every question about it. */
  readonly stageMs: number
  /** Until the service notices that it wants a task. */
  readonly schedulerMs?: number
  /** What the world sees of a task: its server is to answer at that address from now on. */
  readonly onRunning?: (task: FakeTask) => void
  readonly onStopped?: (task: FakeTask) => void
}

/** One ECS service and its tasks, which live by a clock of their own or by being asked about. */
export class FakeEcs {
  readonly cluster: string
  readonly service: string
  readonly tags = new Map<string, string>()
  readonly tasks: FakeTask[] = []
  /** Every desired count that was ever set. */
  readonly scaled: number[] = []
  desired = 0
  isMissing = false
  /** Tasks that come to ACTIVATING end with this reason. */
  startFailure: string | undefined
  private readonly options: FakeEcsOptions
  private wantedSince = 0
  private made = 0

  constructor(options: FakeEcsOptions) {
    this.options = options
    this.cluster = options.cluster ?? 'sovereign-tunnel'
    this.service = options.service ?? 'sovereign-tunnel-server'
  }

  get arn(): string {
    return `arn:aws:ecs:eu-central-1:123456789012:service/${this.cluster}/${this.service}`
  }

  scale(desired: number): void {
    this.settle()
    this.scaled.push(desired)
    if (desired > this.desired) this.wantedSince = this.options.now()
    this.desired = desired
    this.settle()
  }

  count(...stages: readonly Stage[]): number {
    return this.tasks.filter(
      ({ stage, desiredStatus }) => desiredStatus === 'RUNNING' && stages.includes(stage),
    ).length
  }

  /** Brings everything to where it is by now. */
  settle(): void {
    const now = this.options.now()
    for (const task of this.tasks) while (task.stage !== 'STOPPED' && this.mayMove(task, now)) this.move(task)
    const wanted = this.tasks.filter(({ desiredStatus }) => desiredStatus === 'RUNNING')
    for (const task of wanted.slice(this.desired)) this.stop(task, 'Scaling activity initiated by deployment')
    if (now < this.wantedSince + (this.options.schedulerMs ?? 0)) return
    for (let missing = this.desired - wanted.length; missing > 0; missing -= 1) this.create(now)
  }

  /** Somebody asked about the tasks; that is what time is where stages take none. */
  asked(): void {
    if (this.options.stageMs > 0) return
    for (const task of this.tasks) if (task.stage !== 'STOPPED' && !isAtRest(task)) this.move(task)
  }

  stop(task: FakeTask, reason: string): void {
    task.desiredStatus = 'STOPPED'
    task.stoppedReason = reason
    task.dueAt = this.options.now() + this.options.stageMs
  }

  private create(now: number): void {
    this.made += 1
    const id = String(this.made).padStart(32, '0')
    this.tasks.push({
      arn: `arn:aws:ecs:eu-central-1:123456789012:task/${this.cluster}/${id}`,
      networkInterface: `eni-${id.slice(-17)}`,
      createdAt: now,
      stage: 'PROVISIONING',
      desiredStatus: 'RUNNING',
      startedAt: undefined,
      stoppedReason: undefined,
      dueAt: now + this.options.stageMs,
    })
  }

  private mayMove(task: FakeTask, now: number): boolean {
    return this.options.stageMs > 0 && task.dueAt <= now && !isAtRest(task)
  }

  private move(task: FakeTask): void {
    task.dueAt += this.options.stageMs
    if (task.stage === 'ACTIVATING' && this.startFailure !== undefined && task.desiredStatus === 'RUNNING')
      this.stop(task, this.startFailure)
    task.stage = nextStage(task)
    if (task.stage === 'RUNNING') {
      task.startedAt = this.options.now()
      this.options.onRunning?.(task)
    }
    if (task.stage === 'STOPPED') this.options.onStopped?.(task)
  }
}

function isAtRest({ stage, desiredStatus }: FakeTask): boolean {
  return stage === 'RUNNING' && desiredStatus === 'RUNNING'
}

function nextStage({ stage, desiredStatus }: FakeTask): Stage {
  const down = DOWN.indexOf(stage)
  if (down >= 0) return DOWN[down + 1] ?? 'STOPPED'
  // What never ran has nothing to be deactivated.
  if (desiredStatus === 'STOPPED') return stage === 'RUNNING' ? 'DEACTIVATING' : 'DEPROVISIONING'
  return UP[UP.indexOf(stage) + 1] ?? 'RUNNING'
}
