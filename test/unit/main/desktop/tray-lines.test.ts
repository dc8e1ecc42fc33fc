import { expect, test } from 'vitest'
import { AppError, toFailure } from '../../../../src/shared/errors/app-error.ts'
import type { Prompt } from '../../../../src/shared/state/prompt.ts'
import { makeClientState, NOON } from '../../../support/make-bridge-state.ts'
import {
  DOWN,
  FAILED,
  HOST_KEY,
  healthy,
  labels,
  modelOf,
  OLLAMA,
  RETRYING,
  relay,
  TAKEN,
  UP,
} from './tray-states.ts'

test('a failure is told with what happened and what to do, and can be tried again', () => {
  const { items } = modelOf({ relay: relay(FAILED) })
  expect(labels(items)).toEqual(expect.arrayContaining([DOWN.message, DOWN.remedy, 'Retry now']))
})

test('nothing can be tried again while everything works', () => {
  expect(labels(modelOf().items)).not.toContain('Retry now')
})

test('a taken port comes with the free one beside it', () => {
  const { items } = modelOf({
    agent: { phase: 'failed', address: '127.0.0.1:8080', since: NOON, cause: TAKEN, otherPort: 8081 },
  })
  expect(items).toContainEqual({
    kind: 'action',
    label: 'Use port 8081 until the next start',
    action: { kind: 'use-other-port', target: 'agent', port: 8081 },
  })
})

test('a click on the line of a client switches it off, or on again', () => {
  const lines = [true, false].map((enabled) => {
    const { items } = modelOf({ clients: [makeClientState({ name: 'vm', enabled })] })
    return items.find((item) => item.kind === 'check' && item.label.startsWith('vm'))
  })
  expect(lines).toMatchObject([
    { checked: true, action: { kind: 'enable-client', name: 'vm', enabled: false } },
    {
      checked: false,
      label: 'vm: switched off',
      action: { kind: 'enable-client', name: 'vm', enabled: true },
    },
  ])
})

test('a part without a switch opens the dashboard, and is tried again by itself when it waits or has failed', () => {
  const { items } = modelOf({
    relay: relay(RETRYING),
    ollama: { kind: 'failing', place: '10.0.0.7:11434', at: NOON, cause: DOWN },
    egress: { use: 'mtls', tunnel: { phase: 'failed', since: NOON, cause: DOWN } },
  })
  const clicks = items.flatMap((item) => (item.kind === 'action' ? [[item.label, item.action]] : []))
  expect(clicks).toEqual(
    expect.arrayContaining([
      ['Tunnel: failed: vm does not answer.', { kind: 'open-dashboard' }],
      ['Try the relay again', { kind: 'retry', target: 'relay' }],
      ['Try the tunnel again', { kind: 'retry', target: 'tunnel' }],
      ['Ollama on 10.0.0.7:11434: vm does not answer.', { kind: 'open-dashboard' }],
      ['Ask Ollama again', { kind: 'probe-ollama' }],
    ]),
  )
  expect(labels(modelOf({ ollama: OLLAMA }).items).filter((line) => /again/.test(line))).toEqual([])
})

const SWITCHED_OFF = toFailure(new AppError('relay.switched-off', 'The relay is switched off.'))

test('the relay has a switch of its own, and nothing is wrong while it is off', () => {
  const off = modelOf({
    relay: relay({ phase: 'failed', since: NOON, cause: SWITCHED_OFF }, { kind: 'unknown' }),
    clients: [makeClientState({ name: 'vm' })],
  })
  expect([off.icon, off.tooltip]).toEqual(['disconnected', 'Sovereign Bridge: The relay is switched off'])
  const lines = [modelOf(), off].map(({ items }) => items.find(({ kind }) => kind === 'check'))
  expect(lines).toMatchObject([
    { checked: true, action: { kind: 'enable-relay', enabled: false } },
    {
      checked: false,
      label: 'The relay pi:8080: switched off',
      action: { kind: 'enable-relay', enabled: true },
    },
  ])
  expect(labels(off.items)).not.toContain('Try the relay again')
  expect(labels(off.items)).toContain('vm: connected, ready on 127.0.0.1:8080')
})

test('every question has a line that leads to its answer', () => {
  const from = { id: 'p2', askedAt: NOON, user: 'eve', host: 'vm' }
  const prompts: Prompt[] = [
    HOST_KEY,
    { ...from, kind: 'passphrase', keyFile: '~/.ssh/id', attempt: 1, canRemember: true },
    { ...from, kind: 'password', attempt: 1 },
    { ...from, kind: 'keyboard-interactive', title: '', instructions: '', questions: [] },
  ]
  const lines = modelOf({ prompts }).items.filter(
    (item) => item.kind === 'action' && item.action.kind === 'answer',
  )
  expect(lines).toMatchObject([
    { label: 'Check the unknown host key of pi…', action: { promptId: 'p1' } },
    { label: 'Type the passphrase of ~/.ssh/id…', action: { promptId: 'p2' } },
    { label: 'Type the password of eve@vm…' },
    { label: 'Answer eve@vm…' },
  ])
})

test('a relay without an account offers the way to one', () => {
  const { items } = modelOf({ relay: relay(UP, healthy(false)) })
  expect(labels(items)).toContain('Sign in to GitHub Copilot…')
})
