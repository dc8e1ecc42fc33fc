import { useEffect } from 'react'
import { useStore } from 'zustand'
import { useBridge } from '../../store/bridge-context.tsx'
import type { BridgeStore } from '../../store/bridge-store.ts'
import { type Clock, type DeviceSignIn, type DeviceSignInFlow, deviceSignIn } from './device-sign-in.ts'

const REAL_CLOCK: Clock = {
  now: Date.now,
  random: Math.random,
  after(ms, run) {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}

/** A sign-in outlives the view that shows it, so that whoever comes back finds the code again. */
const flows = new WeakMap<BridgeStore, DeviceSignInFlow>()

function flowOf(bridge: BridgeStore): DeviceSignInFlow {
  const found = flows.get(bridge)
  if (found !== undefined) return found
  const made = deviceSignIn(bridge.api, REAL_CLOCK)
  flows.set(bridge, made)
  return made
}

/** The one sign-in of this page; it goes on while something that uses it is shown. */
export function useDeviceSignIn(): DeviceSignInFlow & { readonly state: DeviceSignIn } {
  const flow = flowOf(useBridge())
  useEffect(() => {
    flow.comeBack()
    return flow.leave
  }, [flow])
  return { ...flow, state: useStore(flow.store) }
}
