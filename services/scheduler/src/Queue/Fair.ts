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

/** How many more runs may be under way at once: a row of `limits_in_use`. */
export interface Room {
  readonly kind: "customer" | "agent_type" | "every_customer" | "every_agent_type"
  /** The customer or agent type; `*` of `every_..` for one that has nothing under way and no limit of its own. */
  readonly subject: string
  readonly room: number
}

/** What a claim has to look at, besides the lanes. */
export interface Bounds {
  readonly rooms: ReadonlyArray<Room>
  /** How many retries the budget allows now. */
  readonly retries: number
}

/** The places that limits leave for a lane's customer and its agent type; `take` uses some of both. */
const roomUnder = (rooms: Bounds["rooms"]) => {
  const room = new Map(rooms.map(({ kind, room, subject }) => [`${kind} ${subject}`, room]))
  const keysOf = (lane: Pick<Lane, "customer_id" | "agent_id">) =>
    [["customer", lane.customer_id], ["agent_type", lane.agent_id]].map(([kind, subject]) => {
      const key = `${kind} ${subject}`
      if (!room.has(key)) room.set(key, room.get(`every_${kind} *`) ?? Infinity)
      return key
    })
  return {
    of: (lane: Lane) => Math.min(...keysOf(lane).map((key) => room.get(key)!)),
    take: (lane: Lane, n: number) => {
      for (const key of keysOf(lane)) room.set(key, room.get(key)! - n)
    },
  }
}

/**
 * Shares `free` places between lanes, in their order. Ranks share first: what is forced and what a person
 * asked for at most half when the schedule waits too, retries at most a quarter and what the budget allows; then the lanes of a rank
 * share evenly, each at least one while there are places. A lane at its limit gets none; paused lanes are not among them.
 */
export const allocate = (lanes: ReadonlyArray<Lane>, free: number, bounds: Bounds): ReadonlyArray<Share> => {
  const room = roomUnder(bounds.rooms)
  const of = (rank: number) => lanes.filter((lane) => lane.rank === rank)
  const waits = (...ranks: ReadonlyArray<number>) => lanes.some((lane) => ranks.includes(lane.rank))
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
