import type { ChildProcess } from "node:child_process"
import { LauncherError, reasonOf } from "./LauncherError.ts"
import { endPostmaster, isPostmasterOf, pause, type Postmaster } from "./Postmaster.ts"
import { type Site, start } from "./Server.ts"

/** Starts Postgres again whenever it ends by itself; one that ends five times within a minute is given up. */
export const watch = (site: Site, first: Postmaster, child: ChildProcess | undefined) => {
  let current = first
  let stopping = false
  const ends: Array<number> = []
  const { promise: lost, resolve } = Promise.withResolvers<LauncherError>()
  let wake = () => {}
  const untilEnd = async (process: ChildProcess | undefined) => {
    if (process !== undefined && process.exitCode === null && process.signalCode === null) {
      await new Promise<void>((resolve) => process.once("exit", () => resolve()))
      return
    }
    while (!stopping && await isPostmasterOf(current.pid, site.data)) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 500)
        wake = () => (clearTimeout(timer), resolve())
      })
    }
  }
  /** One that ends while it starts has ended once more, and is started again as well. */
  const restart = async (): ReturnType<typeof start> => {
    let why = new LauncherError("Postgres ended five times within a minute; see postgres.log.")
    for (;;) {
      ends.push(Date.now())
      if (ends.length >= 5 && ends.at(-1)! - ends.at(-5)! < 60_000) throw why
      try {
        return await start(site, current.port)
      } catch (error) {
        if (stopping || !(error instanceof LauncherError)) throw error
        why = error
        await pause(100)
      }
    }
  }
  const run = async (process: ChildProcess | undefined): Promise<void> => {
    for (;;) {
      await untilEnd(process)
      if (stopping) return
      site.log(`Postgres (process ${current.pid}) ended by itself: starting it again`)
      try {
        const again = await restart()
        if (again.postmaster.port !== first.port) {
          await endPostmaster(again.postmaster.pid, site.data, site.stopTimeout, site.log)
          return resolve(new LauncherError(`Postgres ended, and its port ${first.port} was taken by another program.`))
        }
        current = again.postmaster
        if (stopping) return
        process = again.child
        site.log(`Postgres is back (process ${current.pid})`)
      } catch (error) {
        return resolve(
          error instanceof LauncherError
            ? error
            : new LauncherError(`Postgres ended and can't be started again: ${reasonOf(error)}.`),
        )
      }
    }
  }
  const running = run(child)
  return {
    lost,
    stop: async () => {
      stopping = true
      wake()
      await endPostmaster(current.pid, site.data, site.stopTimeout, site.log)
      // A restart may have been under way: what it started is ended as well
      await running
      await endPostmaster(current.pid, site.data, site.stopTimeout, site.log)
    },
  }
}
