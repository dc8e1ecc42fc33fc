import { useStore } from 'zustand'
import type { StoreApi } from 'zustand/vanilla'
import { useBridge } from '../../store/bridge-context.tsx'
import type { BridgeStore } from '../../store/bridge-store.ts'
import { createWizard, type Wizard } from './wizard.ts'

/** One for each page; it outlives the view, so that whoever comes back goes on where they were. */
const wizards = new WeakMap<BridgeStore, StoreApi<Wizard | undefined>>()

export function wizardOf(bridge: BridgeStore): StoreApi<Wizard | undefined> {
  const found = wizards.get(bridge)
  if (found !== undefined) return found
  const made = createWizard(window.sessionStorage)
  wizards.set(bridge, made)
  return made
}

export interface WizardHold {
  readonly wizard: Wizard
  readonly change: (part: Partial<Wizard>) => void
}

export interface WizardStore {
  /** Undefined until it is known whether this is a first run. */
  readonly wizard: Wizard | undefined
  readonly set: (wizard: Wizard | undefined) => void
  /** Changes what is there now, which may be newer than what is drawn. */
  readonly change: (part: Partial<Wizard>) => void
}

export function useWizard(): WizardStore {
  const store = wizardOf(useBridge())
  return {
    wizard: useStore(store),
    set: (wizard) => store.setState(wizard, true),
    change(part) {
      const now = store.getState()
      if (now !== undefined) store.setState({ ...now, ...part }, true)
    },
  }
}
