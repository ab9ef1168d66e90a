/** Deliverables as a fetch handler. */
import { webHandler } from "@stint/edge/Handler"
import { denoHost } from "@stint/edge/Serve"
import { App } from "./App.ts"
import { env } from "./Env.ts"

/** Its environment and files. */
export const host = await denoHost(env)
/** The running service. */
export const service = webHandler("deliverables", App, host)
export default { fetch: service.fetch }
