/** Makes the databases that a new home copies, unless they are there: bin/warmUp.js runs it at the end of `npm ci`. */
import { startServer } from "./Stack/Servers.ts"

// One in memory: what a kill leaves of it, the next start removes
const { up } = await startServer("memory", "", { log: () => {}, made: () => {} })
await (await up).stop()
