/** The gateway as a fetch handler. */
import { webHandler } from "@stint/edge/Handler"
import { denoHost } from "@stint/edge/Serve"
import { App } from "./App.ts"
import { env } from "./Env.ts"

/** Its configuration and files. */
export const host = await denoHost(env)
/** The running gateway. */
export const service = webHandler(App, host)
export default { fetch: service.fetch }
