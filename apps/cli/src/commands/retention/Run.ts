import { PgClient } from "@effect/sql-pg"
import { Alarms } from "@stint/edge/Alarm"
import { AlarmRepo } from "@stint/edge/Alarm/Repo"
import * as Audit from "@stint/edge/Audit"
import { AuditRepo } from "@stint/edge/Audit/Repo"
import { Ids } from "@stint/edge/Ids"
import { connectionOf } from "@stint/edge/Pg/Connection"
import { type RetentionJob, runJob } from "@stint/edge/Retention"
import { jobs as schedulerJobs } from "@stint/scheduler/Retention"
import { RetentionRepo } from "@stint/scheduler/Retention/Repo"
import { Effect, Layer } from "effect"
import { type Flags, UsageError } from "../../Command.ts"
import { type Target, withTargets } from "../../Db/Targets.ts"
import type { Io } from "../../Io.ts"
import { LauncherError } from "../../Postgres/LauncherError.ts"
import { meanwhile } from "../../Remote/Wait.ts"
import { document } from "../../Show/Fields.ts"
import { run } from "../../Stack/Databases.ts"
import { type ServiceName, serviceNames } from "../../Stack/Settings.ts"

/** The jobs of a service, the same that it does itself every hour. */
const jobsOf = (
  service: ServiceName,
): Effect.Effect<ReadonlyArray<RetentionJob>, never, AlarmRepo | AuditRepo | RetentionRepo> => {
  if (service === "scheduler") return schedulerJobs
  return service === "catalog" ? Effect.all([Audit.retention]) : Effect.all([Audit.retention, Alarms.retention])
}

/** Its storage, as the service's own role. */
const storageOf = ({ databaseUrl, service }: Target) =>
  Layer.mergeAll(AlarmRepo.layer, AuditRepo.layer, RetentionRepo.layer).pipe(
    Layer.provide(Ids.layer),
    Layer.provide(PgClient.layer({
      ...connectionOf(databaseUrl),
      applicationName: `stint-retention-${service}`,
      maxConnections: 2,
    })),
  )

const sentenceOf = (service: string, defect: unknown) => {
  const text = (defect instanceof Error ? defect.message : String(defect)).split("\n")[0]!
  return new LauncherError(`${service}: ${text.replace(/\.$/, "")}.`)
}

/** How many rows of each kind are past their time, and went unless this only looks. */
const clean = (target: Target, isDry: boolean) =>
  run(
    target.settings,
    Effect.flatMap(
      jobsOf(target.service),
      Effect.forEach((job) => Effect.map(isDry ? job.expired : runJob(job), (rows) => ({ job, rows }))),
    ).pipe(
      Effect.provide(storageOf(target)),
      Effect.catchDefect((defect) => Effect.fail(sentenceOf(target.service, defect))),
    ),
  )

const servicesOf = (text: unknown): ReadonlyArray<ServiceName> => {
  const found = serviceNames.filter((service) => text === undefined || service === text)
  if (found.length > 0) return found
  throw new UsageError(`There is no service ${JSON.stringify(text)}: say ${serviceNames.join(", ")}.`)
}

/** What `stint retention` does. */
export const perform = async (flags: Flags, io: Io): Promise<number> => {
  const isDry = flags["dry-run"] === true
  return await withTargets(io.env, servicesOf(flags.service), async (targets) => {
    const items: Array<object> = []
    let status = 0
    for (const target of targets) {
      try {
        const words = `${isDry ? "Looking through" : "Cleaning"} ${target.service},`
        for (const { job: { keeps, name }, rows } of await meanwhile(io, words, clean(target, isDry))) {
          items.push({ service: target.service, name, rows, keeps })
          if (flags.json === true) continue
          io.out(`${target.service.padEnd(13)}${name}: ${rows} ${isDry ? "would go" : "gone"} (kept ${keeps})`)
        }
      } catch (error) {
        if (!(error instanceof LauncherError)) throw error
        // The other databases have their turn all the same
        io.err(`stint: ${error.message}`)
        status = 1
      }
    }
    if (flags.json === true) document(io, { dry_run: isDry, items })
    return status
  })
}
