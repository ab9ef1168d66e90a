/** What a scrape of each process shows: the real layers of all five, behind their fetch handlers, on databases of their own. */
import { App as Catalog } from "@stint/catalog/App"
import { App as Deliverables } from "@stint/deliverables/App"
import { setAside } from "@stint/edge/Unreadable"
import { guard } from "@stint/edge/Watchdog"
import { App as Gateway } from "@stint/gateway/App"
import { App as Hiring } from "@stint/hiring/App"
import { App as Scheduler } from "@stint/scheduler/App"
import { Effect, Layer } from "effect"
import { withDatabase } from "./Database.ts"
import { type Series, seriesOf } from "./Promql.ts"
import { startService } from "./Service.ts"
import { until } from "./Until.ts"

const services = { catalog: Catalog, hiring: Hiring, deliverables: Deliverables, scheduler: Scheduler }

/** An address where nothing listens: nobody finds the others. */
const nowhere = "http://127.0.0.1:9"
const urls = Object.fromEntries(Object.keys(services).map((name) => [`${name.toUpperCase()}_URL`, nowhere]))

/** What shows only once it went wrong: work past its deadline, and a row that can't be read. */
const wrong = Layer.effectDiscard(Effect.gen(function* () {
  yield* setAside("things", "1", "said the test")
  yield* Effect.forkScoped(guard("work of the test", "1 millis")(Effect.never))
}))

/** What shows once its background work has begun. */
const later: Readonly<Record<string, ReadonlyArray<string>>> = {
  "stint-catalog": ["stint_stalled{", "stint_unreadable_rows{"],
  "stint-deliverables": ["stint_follower_behind_seconds{"],
  "stint-scheduler": ["stint_follower_behind_seconds{"],
}

/** A scrape of a process once all its figures could be read. */
const scrape = async (job: string, { call }: Awaited<ReturnType<typeof startService>>) => {
  const text = await until(`${job} shows all its figures`, async () => {
    const { json } = await call("GET", "/metrics")
    const shown = String(json)
    const isWhole = ["stint_ready ", ...later[job] ?? []].every((name) => shown.includes(name))
    return isWhole && !/^stint_state_readable\{.*\} 0$/m.test(shown) && shown
  })
  return seriesOf(text, { job, instance: `${job}:1` })
}

/** The series of all five, of jobs named `stint-` and the process. */
export const scrapeAll = async (): Promise<ReadonlyArray<Series>> => {
  const all: Array<Series> = []
  for (const [name, App] of Object.entries(services)) {
    const database = await withDatabase(name as keyof typeof services)
    const service = await startService(Layer.merge(App, name === "catalog" ? wrong : Layer.empty), {
      ...urls,
      [`${name.toUpperCase()}_DATABASE_URL`]: database.url,
      STINT_JOURNAL: "journal.jsonl",
    })
    try {
      // one that is answered 2xx, and one 4xx
      await service.call("GET", "/openapi.json")
      await service.call("GET", "/api/v1/nothing")
      all.push(...await scrape(`stint-${name}`, service))
    } finally {
      await service.dispose()
      await database.release()
    }
  }
  const gateway = await startService(Gateway, {
    ...urls,
    STINT_SESSION_KEY_FILE: "session.key",
    STINT_CONSOLE_DIST: "dist",
  }, { "session.key": `${"A".repeat(43)}\n` })
  try {
    // away, so it is answered 5xx
    await gateway.call("GET", "/api/v1/agent-types", { as: "viewer:vera" })
    all.push(...await scrape("stint-gateway", gateway))
  } finally {
    await gateway.dispose()
  }
  return all
}
