/**
 * Requests whose first reply is lost, repeated under their key: the caller hangs up at any moment, or the service is
 * killed while it works.
 *
 * Would catch: a reply that is kept in another transaction than the effect, ids that are drawn anew for a repeat.
 */
import { standOn } from "./Ground.ts"
import { judge, type Proof, randomOf, sleep, until } from "./Proof.ts"

/** How many requests at once, and within how many milliseconds their callers hang up. */
const WAVE = 100
const HANG_UP = 150

export const idempotency: Proof = {
  name: "idempotency",
  promise: "A request that is repeated under its Idempotency-Key happens once, also when its first reply was lost.",
  attacks:
    "Waves of 100 subscriptions, half of whose callers hang up within 150 ms, then their service is killed among its answers, then each is asked " +
    "for again, twice at once: 3 waves (full: 20). The 30 s for which a dead service's reservation of a key holds are cut short.",
  seconds: { quick: 22, full: 140 },
  attack: async (attack) => {
    const { full, say, seed } = attack
    const random = randomOf(seed)
    const { is, that, violations } = judge()
    const { stack, superuser } = await standOn(attack)
    const waves = full ? 20 : 3
    let lost = 0
    let [answered, over] = [0, 0]
    const answers = new Map<number, Set<string>>()
    const subscribe = async (n: number, signal?: AbortSignal): Promise<boolean> => {
      const answer = await stack.call("hiring", "POST", "/api/v1/subscriptions", {
        as: `customer:customer-${n}`,
        headers: { "idempotency-key": `key-${n}` },
        body: { agent_id: "trading.delta_futures.v1", customer_id: `customer-${n}`, duration: "monthly" },
        ...(signal === undefined ? {} : { signal }),
      }).catch(() => undefined)
      if (answer?.status !== 201) return false
      answers.set(n, (answers.get(n) ?? new Set()).add(answer.json.subscription_id))
      return true
    }
    for (let wave = 0; wave < waves; wave++) {
      const numbers = Array.from({ length: WAVE }, (_, n) => wave * WAVE + n)
      const firsts = numbers.map(async (n) => {
        const hangUp = new AbortController()
        const first = subscribe(n, hangUp.signal)
        // every other one waits, and is in the middle when its service dies
        if (n % 2 === 0) await sleep(random() * HANG_UP).then(() => hangUp.abort())
        if (await first) answered++
        else lost++
        over++
      })
      const enough = answered + Math.ceil(random() * WAVE / 4)
      // on a machine that stalls there may be fewer answers, and no more to come
      const all = over + WAVE
      await until("some are answered", () => Promise.resolve(answered >= enough || over === all), undefined, 1)
      await stack.kill("hiring")
      await Promise.all(firsts)
      await stack.isReady("hiring")
      // whoever had reserved a key is dead
      await superuser.sql("hiring", "update idempotency_keys set locked_until = now() where reply_status is null")
      // those that were not answered both times are asked for again: on a slow machine some of 200 are told 503 each time
      let left = numbers
      await until(`wave ${wave + 1} is answered`, async () => {
        const twice = await Promise.all(left.map((n) => Promise.all([subscribe(n), subscribe(n)])))
        left = left.filter((_, nth) => !twice[nth]!.every((done) => done))
        return left.length === 0
      })
      say(`wave ${wave + 1}: ${lost} replies lost so far`)
    }
    const { each, n } = await superuser.row(
      "hiring",
      "select count(distinct customer_id)::int as each, count(*)::int as n from subscriptions",
    )
    is("customers with a subscription", each, waves * WAVE)
    is("subscriptions", n, waves * WAVE)
    is("requests with more than one answer", [...answers.values()].filter((ids) => ids.size !== 1).length, 0)
    that(lost > 0, "no reply was lost")
    return { figures: { requests: waves * WAVE, replies_lost: lost, kills: waves, subscriptions: n }, violations }
  },
}
