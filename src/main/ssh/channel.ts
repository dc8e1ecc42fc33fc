import { Duplex } from 'node:stream'
import type { ClientChannel } from 'ssh2'
import { channelInternals } from './ssh2-internals.ts'

/**
 * Gives an ssh2 channel the manners of a Node stream. ssh2 ends a channel whose connection died as if the other
 * side had finished, so a cut answer would look complete; here `destroy(error)` is a real destroy, in both
 * directions, and tells the server.
 */
export function adoptChannel(channel: ClientChannel): ClientChannel {
  const { incoming } = channelInternals(channel)
  channel.destroy = (error?: Error) => {
    if (channel.destroyed) return channel
    channel.close()
    // ssh2 says "close" when the server confirmed it, unless it was waiting for an "end" that cannot come now.
    const isCloseLost = incoming.state === 'closed' && !channel.readableEnded
    Duplex.prototype.destroy.call(channel, error)
    channel.stderr.destroy()
    if (isCloseLost) process.nextTick(() => channel.emit('close'))
    return channel
  }
  // An error between handing the channel over and the owner's first listener must not end the process.
  channel.on('error', () => undefined)
  // Unread standard error would stop the window of the whole channel.
  channel.stderr.on('error', () => undefined)
  return channel
}
