/** Connects to 127.0.0.1:PORT again and again; prints the time (ms since the epoch) of every byte that starts an answer. */
import { connect } from 'node:net'

const port = Number(process.argv[2])
const RETRY_MS = 20
/** A connection that is accepted but stays silent is a broken path. */
const SILENCE_MS = 500

function attempt(): void {
  const socket = connect(port, '127.0.0.1')
  const timer = setTimeout(() => socket.destroy(), SILENCE_MS)
  socket.on('error', () => undefined)
  socket.once('close', () => {
    clearTimeout(timer)
    setTimeout(attempt, RETRY_MS)
  })
  socket.once('data', () => {
    console.log(Date.now())
    socket.destroy()
  })
}

attempt()
