/** Node says at every start that SQLite is experimental; a user can do nothing about it. Other warnings stay. */
export function quietNodeWarnings(): void {
  process.removeAllListeners('warning')
  process.on('warning', (warning) => {
    if (warning.name !== 'ExperimentalWarning') console.error(`${warning.name}: ${warning.message}`)
  })
}

/** bin/sovereign.js may have started this process through a channel: when it is killed outright, this one leaves too. */
export function watchLauncher(): void {
  if (process.channel === undefined) return
  process.channel?.unref()
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'))
}

/** What a shell reports for a program that SIGPIPE ended. */
const READER_GONE_EXIT_CODE = 141
let leave = (): void => process.exit(READER_GONE_EXIT_CODE)

/** Whatever reads the output may go first, as in `| head`, or with its terminal: a reason to end, and no bug. */
export function leaveWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error
    leave()
  })
}

/** Ends a command that has connections to close in its own way; called for every line that nobody reads. */
export function whenReaderLeaves(action: () => void): void {
  leave = action
}
