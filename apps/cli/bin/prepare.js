// `npm ci` ends with it: what the first start would have to make. It fails nothing: the first start makes it then.
import { buildConsole, consoleState } from "./console.js"
import { programs } from "./programs.js"
import { warmUp } from "./warmUp.js"

const makePages = async () => {
  if (consoleState() !== "stale") return
  const failure = await buildConsole()
  if (failure !== undefined) console.error(`stint: the console is not built, npm start tries again: ${failure}`)
}

const bundle = await programs(true)
await Promise.all([makePages(), bundle === undefined ? undefined : warmUp(bundle)])
