/** pg-boss: jobs in batches, several workers, no pause between full batches; all else as it is by default. */
import { Pool } from "pg"
import { PgBoss } from "pg-boss"
import { insertAll, insertOne } from "./Drafts.ts"
import { type JobData, serve } from "./Protocol.ts"

const QUEUE = "drafts"
/** Jobs that one INSERT of `insert()` holds. */
const CHUNK = 1000
const options = {
  batchSize: 100,
  localConcurrency: 4,
  burstWhenBatchFull: true,
}

await serve(async ({ kinds, url }) => {
  const boss = new PgBoss(url)
  boss.on("error", (error) => console.error(error))
  await boss.start()
  await boss.createQueue(QUEUE)
  const pool = new Pool({ connectionString: url, max: 10 })
  return {
    enqueue: async (jobs) => {
      for (let at = 0; at < jobs.length; at += CHUNK) {
        await boss.insert(
          QUEUE,
          jobs.slice(at, at + CHUNK).map((data) => ({
            data,
            startAfter: new Date(data.due),
          })),
        )
      }
    },
    start: async (batched, handled) => {
      await boss.work<JobData>(QUEUE, options, async (batch) => {
        const jobs = batch.map(({ data }) => data)
        const at = Date.now()
        if (batched) await pool.query(insertAll(kinds, jobs))
        else await Promise.all(jobs.map((job) => pool.query(insertOne(kinds, job))))
        handled(jobs, at)
      })
      return () => boss.offWork(QUEUE, { wait: true })
    },
  }
})
