import type { RequestFacts, RequestOutcome, RequestRecord, UsageRecorder } from '../usage/recorder.ts'
import { isInference } from '../usage/usage-row.ts'

/** Decides who may go on. */
export interface Admission {
  /** @returns what is to be called when the request has ended. @throws AppError when a limit is in the way. */
  admit(facts: RequestFacts): () => void
}

/**
 * Holds every inference request against the limits where it is recorded, which is just before it is sent upstream:
 * no upstream can forget to ask. What generates nothing goes through.
 */
export class LimitedRecorder implements UsageRecorder {
  private readonly recorder: UsageRecorder
  private readonly admission: Admission

  constructor(recorder: UsageRecorder, admission: Admission) {
    this.recorder = recorder
    this.admission = admission
  }

  /** @throws AppError `limits.…` */
  begin(facts: RequestFacts): RequestRecord {
    if (!isInference(facts.endpoint)) return this.recorder.begin(facts)
    const leave = this.admission.admit(facts)
    return new LimitedRecord(this.recorder.begin(facts), leave)
  }
}

class LimitedRecord implements RequestRecord {
  private readonly record: RequestRecord
  private leave: (() => void) | undefined

  constructor(record: RequestRecord, leave: () => void) {
    this.record = record
    this.leave = leave
  }

  onResponse(status: number, headers: Readonly<Record<string, string | string[] | undefined>>): void {
    this.record.onResponse(status, headers)
  }

  onBody(chunk: Uint8Array): void {
    this.record.onBody(chunk)
  }

  finish(outcome: RequestOutcome): void {
    this.record.finish(outcome)
    // The sums know of it by now, so there is no moment in which it counts as neither under way nor spent.
    const { leave } = this
    this.leave = undefined
    leave?.()
  }
}
