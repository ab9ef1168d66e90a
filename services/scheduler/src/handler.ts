/** The scheduler as a fetch handler. */
import { webHandler } from "@stint/edge/Handler"
import { denoHost } from "@stint/edge/Serve"
import { App } from "./App.ts"
import { env } from "./Env.ts"

/** Its configuration and files. */
export const host = await denoHost(env)
/** The running service. */
export const service = webHandler("scheduler", App, host)
export default { fetch: service.fetch }
