/** Everything that hiring is made of, in one flat list. */
import { HiringApi } from "@stint/domain/hiring/Api"
import * as Alarm from "@stint/edge/Alarm"
import { AlarmRepo } from "@stint/edge/Alarm/Repo"
import { ActionLog } from "@stint/edge/ActionLog"
import { ActionLogRepo } from "@stint/edge/ActionLog/Repo"
import * as Audit from "@stint/edge/Audit"
import { AuditRepo } from "@stint/edge/Audit/Repo"
import * as AwayAlarm from "@stint/edge/AwayAlarm"
import * as Client from "@stint/edge/Client"
import * as Docs from "@stint/edge/Docs"
import { middlewares } from "@stint/edge/Handler"
import { IdempotencyRepo } from "@stint/edge/Idempotency/Repo"
import { Neighbours } from "@stint/edge/Neighbours"
import * as Persistence from "@stint/edge/Persistence"
import { Database } from "@stint/edge/Pg/Database"
import { health } from "@stint/edge/Pg/Health"
import { Rates } from "@stint/edge/RateLimit"
import { RateRepo } from "@stint/edge/RateLimit/Repo"
import * as Retention from "@stint/edge/Retention"
import { Effect, Layer } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { ActionLogHttp } from "./ActionLog/Http.ts"
import * as Announcements from "./Announcements.ts"
import { AnnouncementsRepo } from "./Announcements/Repo.ts"
import { Catalog, Scheduler } from "./Clients.ts"
import { Customers } from "./Customers.ts"
import { CustomersHttp } from "./Customers/Http.ts"
import { CustomersRepo } from "./Customers/Repo.ts"
import { DefinitionsInUse } from "./DefinitionsInUse.ts"
import { DefinitionsInUseHttp } from "./DefinitionsInUse/Http.ts"
import { DefinitionsInUseRepo } from "./DefinitionsInUse/Repo.ts"
import { Engagements } from "./Engagements.ts"
import { EngagementsRepo } from "./Engagements/Repo.ts"
import { Feed } from "./Feed.ts"
import { FeedHttp } from "./Feed/Http.ts"
import { Refusals } from "./Feed/Refusals.ts"
import { Goals } from "./Goals.ts"
import { GoalsHttp } from "./Goals/Http.ts"
import { Hires } from "./Hires.ts"
import { HiresHttp } from "./Hires/Http.ts"
import * as Metrics from "./Metrics.ts"
import { MetricsRepo } from "./Metrics/Repo.ts"
import { Outbox } from "./Outbox.ts"
import { OutboxRepo } from "./Outbox/Repo.ts"
import { OutboxListener } from "./Outbox/Repo/Listener.ts"
import { Periods } from "./Periods.ts"
import { PeriodsRepo } from "./Periods/Repo.ts"
import { scripts } from "./Schema.ts"
import { Subscriptions } from "./Subscriptions.ts"
import { SubscriptionsHttp } from "./Subscriptions/Http.ts"
import { Trials } from "./Trials.ts"
import { TrialsHttp } from "./Trials/Http.ts"
import { TrialsRepo } from "./Trials/Repo.ts"
import { TrialStatus } from "./TrialStatus.ts"
import { TrialStatusHttp } from "./TrialStatus/Http.ts"

const Storage = Layer.mergeAll(
  CustomersRepo.layer,
  EngagementsRepo.layer,
  DefinitionsInUseRepo.layer,
  PeriodsRepo.layer,
  AnnouncementsRepo.layer,
  TrialsRepo.layer,
  MetricsRepo.layer,
  OutboxListener.layer,
  RateRepo.layer,
  AuditRepo.layer,
  AlarmRepo.layer,
  Database.layer("hiring"),
  health("hiring", scripts),
).pipe(
  Layer.provideMerge([IdempotencyRepo.layer, OutboxRepo.layer, ActionLogRepo.layer("hiring_action_log")]),
  Layer.provide(Persistence.layer({ name: "hiring", flag: "PERSISTENCE_MODE" })),
)

/** The services that hiring calls, over HTTP. */
export const Clients = Layer.mergeAll(Catalog.layer, Scheduler.layer).pipe(Layer.provide(Client.layer))

/** Whether they are here: shown on `/readyz`, which they do not take away, since most of hiring works without them. */
const watched = Neighbours.layer("hiring", ["catalog", "scheduler"])

/** Hiring over given clients: a test gives its own, and they are never away unless it says so. */
export const appWith = <E, R, E2 = never, R2 = never>(
  clients: Layer.Layer<Catalog | Scheduler, E, R>,
  neighbours: Layer.Layer<Neighbours, E2, R2> = Neighbours.none,
) =>
  Layer.mergeAll(
    HttpApiBuilder.layer(HiringApi, { openapiPath: "/openapi.json" }),
    Docs.layer(HiringApi),
    Audit.layer("hiring"),
    // the scheduler, which alarms about all others
    AwayAlarm.layer((part) => part === "scheduler"),
    Metrics.worker,
    Retention.layer(Effect.all([Audit.retention, Alarm.Alarms.retention])),
    Outbox.worker,
    Announcements.worker,
    Periods.worker,
    Refusals.worker,
  ).pipe(
    Layer.provide([
      ActionLogHttp,
      CustomersHttp,
      SubscriptionsHttp,
      HiresHttp,
      GoalsHttp,
      DefinitionsInUseHttp,
      TrialStatusHttp,
      TrialsHttp,
      FeedHttp,
    ]),
    Layer.provide([
      ActionLog.layer,
      Customers.layer,
      Subscriptions.layer,
      Hires.layer,
      Goals.layer,
      DefinitionsInUse.layer,
      Trials.layer,
      TrialStatus.layer,
      Feed.layer,
      middlewares("hiring"),
    ]),
    Layer.provide(Refusals.layer),
    Layer.provide([Alarm.layer, Engagements.layer, Outbox.layer, Periods.layer, Rates.layer]),
    Layer.provide(Storage),
    Layer.provide([clients, neighbours]),
  )

/** Hiring. */
export const App = appWith(Clients, watched)
