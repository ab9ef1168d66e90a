// `npm ci` ends with it: what the first start would have to make. It fails nothing: the first start makes it then.
import { buildConsole, consoleState } from "./console.js"
import { programs } from "./programs.js"

await programs(true)
if (consoleState() === "stale") {
  const failure = await buildConsole()
  if (failure !== undefined) console.error(`stint: the console is not built, npm start tries again: ${failure}`)
}
