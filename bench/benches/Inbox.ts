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
const fill = async ({ superuser }: Ground, deliverables: number): Promise<number> => {
  const count = async () => (await superuser.row("deliverables", "select count(*)::int as n from deliverables")).n
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
