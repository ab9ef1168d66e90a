import { LauncherError } from "./LauncherError.ts"

/** Whether a program may listen on that port of 127.0.0.1. */
export const isFree = (port: number): boolean => {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close()
    return true
  } catch {
    return false
  }
}

/**
 * A free port below those that the system gives to outgoing connections: one of those could be taken while Postgres is
 * away, even by a service that tries to reach it there and is connected to itself.
 */
export const freePort = (): number => {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = 20_000 + Math.floor(Math.random() * 12_000)
    if (isFree(port)) return port
  }
  throw new LauncherError("No free port was found for Postgres between 20000 and 32000.")
}
