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
