export interface Goal {
  readonly what: string
  readonly got: number
  readonly atLeast?: number
  readonly atMost?: number
}

/** Says of each goal whether it was met, so that nobody has to compare columns. */
export function reportGoals(goals: readonly Goal[]): void {
  for (const { atLeast, atMost, got, what } of goals) {
    const isMet = got >= (atLeast ?? Number.NEGATIVE_INFINITY) && got <= (atMost ?? Number.POSITIVE_INFINITY)
    const bound = atLeast === undefined ? `at most ${atMost}` : `at least ${atLeast}`
    console.log(
      `${isMet ? 'met   ' : 'missed'}  ${what}: ${Number(got.toPrecision(3))}, the goal is ${bound}`,
    )
  }
}
