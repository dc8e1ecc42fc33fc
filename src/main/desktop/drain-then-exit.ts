/**
 * Makes what is to happen when the app is asked to quit: the first time it stops the bridge, which lets streams
 * finish, and exits; asked again meanwhile it exits at once.
 */
export function drainThenExit(stop: () => Promise<void>, exit: (code: number) => void): () => void {
  let isStopping = false
  return () => {
    if (isStopping) {
      exit(130)
      return
    }
    isStopping = true
    stop().then(
      () => exit(0),
      () => exit(1),
    )
  }
}
