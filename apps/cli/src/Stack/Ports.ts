import { holderOf } from "../Postgres/Home.ts"
import { LauncherError } from "../Postgres/LauncherError.ts"
import { pause } from "../Postgres/Postmaster.ts"
import { portOf, type ProcessName, serviceNames, type Settings, urlOf } from "./Settings.ts"

/** How long a service of a killed launcher may take to drain, in milliseconds. */
const DRAIN_MS = 21_000

/** How long it may take to say so on a machine that has other things to do as well, in milliseconds. */
const ANSWER_MS = 5_000

const isFree = (settings: Settings, service: ProcessName): boolean => {
  const port = portOf(settings, service)
  try {
    Deno.listen({ hostname: settings.host, port }).close()
    return true
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false
    const reason = error instanceof Error ? error.message : String(error)
    throw new LauncherError(`${service} can't listen on ${settings.host}:${port}: ${reason}.`)
  }
}

/** Whether what listens there is a service that goes away, because its launcher was killed. */
const isDraining = async (settings: Settings, service: ProcessName): Promise<boolean> => {
  try {
    const response = await fetch(`${urlOf(settings, service)}/readyz`, { signal: AbortSignal.timeout(ANSWER_MS) })
    const { checks } = await response.json() as { readonly checks?: Record<string, string> }
    return checks?.drain !== undefined
  } catch {
    return isFree(settings, service)
  }
}

/**
 * Looks that every service and the gateway can have its port, before anything is started; waits for services that a killed launcher left
 * behind, as they are on their way out. Fails with a LauncherError that names the port and the service.
 */
export const requireFreePorts = async (settings: Settings): Promise<void> => {
  for (const service of [...serviceNames, "gateway"] as const) {
    for (const end = Date.now() + DRAIN_MS; !isFree(settings, service); await pause(50)) {
      if (Date.now() < end && await isDraining(settings, service)) continue
      const holder = await holderOf(settings.home)
      throw new LauncherError(
        `Port ${portOf(settings, service)}, which ${service} needs, is in use: ` +
          (holder === undefined
            ? "stop what listens there, or set STINT_PORT_BASE."
            : `a stint of ${settings.home} runs as process ${holder}; stop it with: kill ${holder}`),
      )
    }
  }
}
