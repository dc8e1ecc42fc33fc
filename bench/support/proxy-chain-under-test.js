/** proxy-chain for bench/agent.ts, as its page shows it: the port as argument. */
import { Server } from '../peers/node_modules/proxy-chain/dist/index.js'

const server = new Server({ port: Number(process.argv[2]), host: '127.0.0.1', verbose: false })
await server.listen()
