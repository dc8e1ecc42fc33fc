import { writeFileAtomic } from '../../node/atomic-file.ts'
import type { VerifyRecord } from '../../shared/protocol/perimeter-verify.ts'
import type { VerifyPlace } from './place.ts'
import type { VerifiedCell } from './verified-cell.ts'

export interface VerifyCounts {
  readonly right: number
  readonly wrong: number
  readonly unknown: number
}

export function countsOf(results: readonly VerifiedCell[]): VerifyCounts {
  const count = (wanted: (result: VerifiedCell) => boolean) => results.filter(wanted).length
  return {
    right: count(({ cell, verdict }) => verdict === cell.expected),
    wrong: count(({ cell, verdict }) => verdict !== 'unknown' && verdict !== cell.expected),
    unknown: count(({ verdict }) => verdict === 'unknown'),
  }
}

/** Keeps what was found, for the bridge to show. */
export async function keepRecord(
  path: string,
  from: VerifyPlace,
  results: readonly VerifiedCell[],
  now: number,
): Promise<void> {
  const record: VerifyRecord = { version: 1, at: now, from, ...countsOf(results) }
  await writeFileAtomic(path, `${JSON.stringify(record)}\n`)
}
