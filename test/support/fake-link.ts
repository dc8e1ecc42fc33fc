import type { Duplex } from 'node:stream'
import type { ReverseListener, SshLink } from '../../src/main/ssh/link.ts'
import type { ListenAddress } from '../../src/shared/state/bridge-state.ts'

interface FakeListener extends ReverseListener {
  readonly address: ListenAddress
  readonly isOpen: boolean
  /** A program on the client connects. */
  connect(channel: Duplex): void
}

export interface FakeLink extends SshLink {
  /** In the order in which they were opened. */
  readonly listeners: readonly FakeListener[]
}

/** A link that is up; it and its listeners take until `closing` to close. */
export function fakeLink(closing: Promise<void> = Promise.resolve()): FakeLink {
  const listeners: FakeListener[] = []
  const refuse = () => Promise.reject(new Error('Nobody expected this.'))
  return {
    listeners,
    state: { phase: 'idle' },
    onState: () => () => undefined,
    start: () => undefined,
    retryNow: () => undefined,
    probe: () => undefined,
    openChannel: refuse,
    exec: refuse,
    listen: (address, onChannel) => {
      let isOpen = true
      const listener: FakeListener = {
        address,
        get isOpen() {
          return isOpen
        },
        state: { phase: 'off' },
        onState: () => () => undefined,
        connect: onChannel,
        close: async () => {
          isOpen = false
          await closing
        },
      }
      listeners.push(listener)
      return listener
    },
    close: () => closing,
  }
}
