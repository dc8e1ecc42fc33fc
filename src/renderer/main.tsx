import './ui/tokens.css'
import './ui/base.css'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { FaultGuard } from './shell/fault-guard.tsx'
import { BridgeProvider } from './store/bridge-context.tsx'
import { startBridgeStore } from './store/bridge-store.ts'
import { beforeNextPicture } from './store/next-picture.ts'
import { chooseTransport } from './transport/choose-transport.ts'

const root = document.getElementById('root')
if (root === null) throw new Error('index.html has no element with the id root.')

const bridge = startBridgeStore({
  transport: chooseTransport(window),
  now: Date.now,
  random: Math.random,
  beforeNextPicture,
})
createRoot(root).render(
  <FaultGuard>
    <BridgeProvider bridge={bridge}>
      <App />
    </BridgeProvider>
  </FaultGuard>,
)
