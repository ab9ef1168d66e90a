/** Holds up the writing of drafts: calls for them stay open, and the service is ready all the while, so that nobody takes it for away. */
import type { Stack } from "./Stack.ts"
import { until } from "./Until.ts"

/** Whose locks on the table of drafts there are. */
const LOCKS = `from pg_locks join pg_stat_activity using (pid) where relation = 'deliverables'::regclass
  and database = (select oid from pg_database where datname = current_database())`
const HELD = `${LOCKS} and mode = 'ShareLock' and granted`
/** Others write to this table too, and wait as well: the expiry of drafts. */
const WAITING = `${LOCKS} and not granted and query ilike '%insert into deliverables%'`

/** The table of drafts, locked for ten minutes at the most. */
export interface HeldDrafts {
  /** Waits until a transaction waits to write its drafts. */
  readonly isWaitedFor: () => Promise<unknown>
  /** Lets all go on. Again, it does nothing. */
  readonly release: () => Promise<void>
}

/** Locks the table of drafts. Whoever calls it releases it, whatever happens: all tests after it would wait. */
export const holdDrafts = async (stack: Stack): Promise<HeldDrafts> => {
  const some = (which: string) =>
    stack.sql<{ n: bigint }>("deliverables", `select count(*) as n ${which}`).then(([row]) => row!.n > 0n)
  const lock = stack.sql(
    "deliverables",
    "do $$ begin lock table deliverables in share mode; perform pg_sleep(600); end $$",
  ).catch(() => undefined)
  const release = async () => {
    await until("the lock has ended", async () => {
      await stack.sql("deliverables", `select pg_terminate_backend(pid) ${HELD}`)
      return !await some(HELD)
    })
    await lock
  }
  try {
    await until("the table is locked", () => some(HELD))
  } catch (error) {
    await release()
    throw error
  }
  return { isWaitedFor: () => until("a transaction waits to write its drafts", () => some(WAITING)), release }
}
