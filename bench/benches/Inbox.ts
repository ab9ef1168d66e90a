/** Pages of a customer's inbox beside those of others: by how many deliverables the table holds. */
import { drained, fallDue, freshSlot, type Ground, makeGoals } from "../../tests/proofs/Ground.ts"
import { rounded, roundedAll, spreadOf, table } from "../Figures.ts"

const PAGES = 200
const customer = "bench-inbox"
const CUSTOMERS = 100

/** The lists that are read: the first page, and the one after it. */
const lists = {
  "a customer's newest 20": `customer_id=${customer}&limit=20`,
  "its 20 that wait for a review": `customer_id=${customer}&review_status=pending_review&limit=20`,
  "a type's newest 20, of all customers": "agent_id=trading.delta_futures.v1&limit=20",
}

/** Copies a draft for this customer and others, until the table holds so many; how many it holds. */
const fill = async (
  { superuser }: Ground,
  deliverables: number,
): Promise<number> => {
  const count = async () =>
    (await superuser.row(
      "deliverables",
      "select count(*)::int as n from deliverables",
    )).n
  await superuser.sql(
    "deliverables",
    `insert into deliverables select copy.* from deliverables d, generate_series(${
      await count() + 1
    }, ${deliverables}) n,
      lateral jsonb_populate_record(d, jsonb_build_object('deliverable_id', 'DEL-bench-' || n, 'idempotency_key', 'bench-' || n,
        'customer_id', case when n % ${CUSTOMERS} = 0 then '${customer}' else 'bench-inbox-' || n % ${CUSTOMERS} end,
        'created_at', now() - n * interval '1 second', 'updated_at', now())) copy
      where d.deliverable_id = (select deliverable_id from deliverables where customer_id = '${customer}' limit 1)`,
  )
  await superuser.sql("deliverables", "vacuum analyze deliverables")
  return await count()
}

/**
 * The customer that has all of the large inbox: every draft waits, a third expires within a month, the newest first, one in a thousand
 * has expired, one in 20,000 is of another type and hire. They were made a second apart, by eight hires of the one type.
 */
const large = "bench-inbox-large"
const rare = "bench.rare.v1"

/** So long ago, as an instant of a query. */
const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString()

/** The lists of a large inbox, each with its first page and one in the middle of it, and the counts. */
const largeLists = (goal: string) => ({
  "newest 50 that wait": "review_status=pending_review&limit=50",
  "50 that expire first": "order=expiry&limit=50",
  "50 that expire within a day": "expiring=true&limit=50",
  "a rare type's of these": `expiring=true&agent_id=${rare}&limit=50`,
  "50 that have expired": "review_status=expired&limit=50",
  "50 of one goal that wait": `goal_instance_id=${goal}&review_status=pending_review&limit=50`,
  "50 of one goal by expiry": `goal_instance_id=${goal}&order=expiry&limit=50`,
  "50 of a rare type that wait": `agent_id=${rare}&review_status=pending_review&limit=50`,
  "a rare type by expiry": `agent_id=${rare}&order=expiry&limit=50`,
  "50 of an hour of its third day": `review_status=pending_review&from=${ago(180_000)}&to=${ago(176_400)}&limit=50`,
  "the same by expiry": `order=expiry&from=${ago(180_000)}&to=${ago(176_400)}&limit=50`,
})

/** Makes so many drafts that wait for one customer, of a thousand goals. */
const fillLarge = async ({ superuser }: Ground, deliverables: number) => {
  await superuser.sql(
    "deliverables",
    `insert into deliverables select copy.* from deliverables d, generate_series(1, ${deliverables}) n,
      lateral jsonb_populate_record(d, jsonb_build_object('deliverable_id', 'DEL-large-' || lpad(n::text, 9, '0'),
        'idempotency_key', 'large-' || n, 'customer_id', '${large}', 'goal_instance_id', 'GOI-large-' || n % 1000,
        'hired_instance_id', case when n % 20000 = 5 then 'HAI-large-rare' else 'HAI-large-' || n % 8 end,
        'agent_id', case when n % 20000 = 5 then '${rare}' else d.agent_id end,
        'review_status', case when n % 1000 = 1 then 'rejected' else 'pending_review' end,
        'expires_at', case when n % 3 = 0 then now() + (1 + n % 2592000) * interval '1 second'
          when n % 1000 = 1 then now() - interval '1 hour' end,
        'expired_at', case when n % 1000 = 1 then now() - interval '1 hour' end,
        'created_at', now() - n * interval '1 second', 'updated_at', now())) copy
      where d.deliverable_id = (select deliverable_id from deliverables where customer_id = '${customer}' limit 1)`,
  )
  await superuser.sql("deliverables", "vacuum analyze deliverables")
}

/** Times a read of an inbox, and where a page leads to the next one, each next page in turn. */
const timesOf = async (
  { stack }: Pick<Ground, "stack">,
  path: string,
): Promise<Array<number>> => {
  const times: Array<number> = []
  let cursor = ""
  for (let n = 0; n < PAGES; n++) {
    const began = performance.now()
    const { json, status } = await stack.call(
      "deliverables",
      "GET",
      `${path}${cursor}`,
      { as: `customer:${large}` },
    )
    times.push(performance.now() - began)
    if (status !== 200) {
      throw new Error(`${path}: ${status} ${JSON.stringify(json)}`)
    }
    cursor = json.next_cursor ? `&cursor=${encodeURIComponent(json.next_cursor)}` : ""
  }
  return times
}

/** Measures the inbox of one customer that has them all. */
export const largeInbox = async (ground: Ground, deliverables: number) => {
  await fillLarge(ground, deliverables)
  const reads = {
    counts: "/api/v1/deliverables/counts?",
    ...Object.fromEntries(
      Object.entries(largeLists("GOI-large-7")).map((
        [name, query],
      ) => [name, `/api/v1/deliverables?${query}`]),
    ),
  }
  const found = []
  for (const [read, path] of Object.entries(reads)) {
    found.push({
      deliverables,
      read,
      ms: spreadOf(await timesOf(ground, path)),
    })
  }
  console.log(
    `\ninbox of one customer that has ${deliverables} drafts: ${PAGES} pages of each list, one after another`,
  )
  console.log(table([
    ["", "p50", "p99", "max"],
    ...found.map((
      { ms, read },
    ) => [
      read,
      ...[ms.p50, ms.p99, ms.max].map((value) => `${rounded(value)} ms`),
    ]),
  ]))
  return roundedAll(found)
}

/** Measures, prints the table, and returns the figures, in milliseconds. */
export const inbox = async (ground: Ground, sizes: ReadonlyArray<number>) => {
  const goals = await makeGoals(ground, customer, 1)
  await fallDue(ground, goals, freshSlot())
  await drained(ground)
  const found = []
  for (const size of sizes) {
    const deliverables = await fill(ground, size)
    for (const [list, query] of Object.entries(lists)) {
      const times: Array<number> = []
      let cursor = ""
      for (let n = 0; n < PAGES; n++) {
        const began = performance.now()
        const { json, status } = await ground.stack.call(
          "deliverables",
          "GET",
          `/api/v1/deliverables?${query}${cursor}`,
          {
            as: "operator:olga",
          },
        )
        times.push(performance.now() - began)
        if (status !== 200) {
          throw new Error(`${list}: ${status} ${JSON.stringify(json)}`)
        }
        // the first page and the next take turns
        cursor = cursor === "" && json.next_cursor ? `&cursor=${encodeURIComponent(json.next_cursor)}` : ""
      }
      found.push({ deliverables, list, ms: spreadOf(times) })
    }
  }
  console.log(
    `\ninbox: a page of 20 by how many deliverables there are, of ${CUSTOMERS} customers; ${PAGES} pages each, in turn`,
  )
  console.log(table([
    ["", "deliverables", "p50", "p99", "max"],
    ...found.map(({ deliverables, list, ms }) => [
      list,
      String(deliverables),
      ...[ms.p50, ms.p99, ms.max].map((value) => `${rounded(value)} ms`),
    ]),
  ]))
  return roundedAll(found)
}
