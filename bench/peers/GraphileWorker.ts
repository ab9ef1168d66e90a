/** graphile-worker, set up as its page on performance is, with a local queue of 500. */
import { Logger, makeWorkerUtils, run, type TaskList } from "graphile-worker"
import { insertOne } from "./Drafts.ts"
import { type JobData, serve } from "./Protocol.ts"

const TASK = "draft"
/** Jobs that one call of `addJobs()` holds. */
const CHUNK = 1000
const silent = new Logger(() => () => {})

await serve(async ({ kinds, url }) => {
  const preset = {
    worker: {
      connectionString: url,
      concurrentJobs: 24,
      maxPoolSize: 25,
      localQueue: { size: 500 },
      completeJobBatchDelay: 0,
      failJobBatchDelay: 0,
      logger: silent,
    },
  }
  const utils = await makeWorkerUtils({ preset })
  await utils.migrate()
  return {
    enqueue: async (jobs) => {
      for (let at = 0; at < jobs.length; at += CHUNK) {
        await utils.addJobs(
          jobs.slice(at, at + CHUNK).map((data) => ({
            identifier: TASK,
            payload: data,
            runAt: new Date(data.due),
          })),
        )
      }
    },
    start: async (_, handled) => {
      const taskList: TaskList = {
        [TASK]: async (payload, { withPgClient }) => {
          const job = payload as JobData
          const at = Date.now()
          await withPgClient((client) => client.query(insertOne(kinds, job)))
          handled([job], at)
        },
      }
      const runner = await run({ preset, taskList, noHandleSignals: true })
      return () => runner.stop()
    },
  }
})
