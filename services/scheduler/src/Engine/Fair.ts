/**
 * Pure: how a claim shares its room between lanes, so that nobody's backlog keeps another's run waiting. A lane is a rank,
 * a customer and an agent type; every lane that may run gets its share of each claim, however long its own queue is. Within
 * a lane the longest due goes first.
 */

/** How many runs one claim takes at most; they go to deliverables in one call. */
export const CLAIMED_AT_ONCE = 200

/** Which lanes come first. */
export const RANK = { forced: 0, person: 1, schedule: 2, retry: 3 } as const

/** Which runs share a queue of their own. */
export interface Lane {
  readonly rank: number
  readonly customer_id: string
  readonly agent_id: string
}

/** A lane that may run, and how many of its runs a claim takes at most. */
export interface Share extends Lane {
  readonly quota: number
}

/** How many runs may be under way at once (`run_limits`). */
export interface Limit {
  readonly kind: "customer" | "agent_type" | "every_customer" | "every_agent_type"
  /** The customer or agent type; `*` for every one that has none of its own. */
  readonly subject: string
  readonly max_running: number
}

/** What a claim has to look at, besides the lanes. */
export interface Bounds {
  /** The ids of `scheduler_state` that are paused. */
  readonly paused: ReadonlySet<string>
  readonly limits: ReadonlyArray<Limit>
  /** How many runs of a lane's customer and agent type are under way; looked at only where there are limits. */
  readonly running: ReadonlyArray<{ readonly customer_id: string; readonly agent_id: string; readonly running: number }>
  /** How many retries the budget allows now. */
  readonly retries: number
}

/** The places that limits leave, for a lane's customer and its agent type; `take` uses some of both. */
const roomUnder = ({ limits, running }: Bounds) => {
  const most = new Map(limits.map(({ kind, max_running, subject }) => [`${kind} ${subject}`, max_running]))
  const room = new Map<string, number>()
  const keysOf = (lane: Pick<Lane, "customer_id" | "agent_id">) =>
    [["customer", lane.customer_id], ["agent_type", lane.agent_id]].map(([kind, subject]) => {
      const key = `${kind} ${subject}`
      if (!room.has(key)) room.set(key, most.get(key) ?? most.get(`every_${kind} *`) ?? Infinity)
      return key
    })
  const take = (lane: Pick<Lane, "customer_id" | "agent_id">, n: number) => {
    for (const key of keysOf(lane)) room.set(key, room.get(key)! - n)
  }
  for (const row of running) take(row, row.running)
  return { of: (lane: Lane) => Math.min(...keysOf(lane).map((key) => room.get(key)!)), take }
}

/**
 * Shares `free` places between lanes, in their order. Ranks share first: what is forced and what a person
 * asked for at most half when the schedule waits too, retries at most a quarter and what the budget allows; then the lanes of a rank
 * share evenly, each at least one while there are places. A paused lane, and one at its limit, gets none.
 */
export const allocate = (lanes: ReadonlyArray<Lane>, free: number, bounds: Bounds): ReadonlyArray<Share> => {
  const { paused } = bounds
  const room = roomUnder(bounds)
  const open = lanes.filter(({ customer_id, rank }) =>
    rank === RANK.forced || !(paused.has("global") || paused.has(`customer:${customer_id}`))
  )
  const of = (rank: number) => open.filter((lane) => lane.rank === rank)
  const waits = (...ranks: ReadonlyArray<number>) => open.some((lane) => ranks.includes(lane.rank))
  const shares: Array<Share> = []
  let left = free

  const share = (rank: number, places: number) => {
    const these = of(rank).filter((lane) => room.of(lane) > 0)
    const each = Math.ceil(places / Math.max(these.length, 1))
    let given = 0
    for (const lane of these) {
      const quota = Math.min(each, places - given, room.of(lane))
      if (quota <= 0) continue
      room.take(lane, quota)
      given += quota
      shares.push({ ...lane, quota })
    }
    left -= given
  }

  const urgent = waits(RANK.schedule, RANK.retry) ? Math.ceil(left / 2) : left
  share(RANK.forced, urgent)
  share(RANK.person, urgent - (free - left))
  const retries = Math.floor(Math.min(bounds.retries, waits(RANK.schedule) ? Math.ceil(left / 4) : left))
  const reserved = waits(RANK.retry) ? retries : 0
  share(RANK.schedule, left - reserved)
  share(RANK.retry, Math.min(left, retries))
  return shares
}
