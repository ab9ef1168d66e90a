/** Makes a process stand still (SIGSTOP) at an instant when it has nothing locked in its database. */
import type { Superuser } from "./Superuser.ts"

/** How often it is tried: a process that is always in a transaction is not what is to be attacked. */
const TRIES = 200

const pause = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds))

/**
 * Stops the process whose database role this is, outside every transaction: what it holds in one, everybody else waits for
 * until Postgres ends it, and the proofs attack the leases of its runs, not those locks.
 */
export const standStill = async (
  { row }: Superuser,
  role: string,
  signal: (name: "SIGSTOP" | "SIGCONT") => unknown,
): Promise<void> => {
  const sessions = () =>
    row<{ active: number; open: number }>(
      "postgres",
      `select count(*) filter (where state = 'active')::int as active,
          count(*) filter (where state like 'idle in transaction%')::int as open
        from pg_stat_activity where usename = '${role}'`,
    )
  for (let tries = 0; tries < TRIES; tries++) {
    await signal("SIGSTOP")
    let now = await sessions()
    // a statement that was sent before ends by itself
    for (let looks = 0; now.active > 0 && looks < 100; looks++) {
      await pause(5)
      now = await sessions()
    }
    if (now.active === 0 && now.open === 0) return
    await signal("SIGCONT")
    await pause(5)
  }
  throw new Error(`${role} was never found outside a transaction`)
}
