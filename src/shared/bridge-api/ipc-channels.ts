import type { CallName, EventName } from './calls.ts'

/** Names of the channels between the preload of a window and the main process; one for each name of the list. */
export function callChannel(name: CallName): string {
  return `bridge-call-${name}`
}

/** Carries the payload of an event to a window that has asked for one. */
export function eventChannel(name: EventName): string {
  return `bridge-event-${name}`
}

/** By which a window says that it can take one payload of an event: it is never sent more than it has asked for. */
export function readyChannel(name: EventName): string {
  return `bridge-ready-${name}`
}
