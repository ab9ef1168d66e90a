/** Everything hiring is made of, in one flat list. */
import { HiringApi } from "@stint/domain/hiring/Api"
import * as Audit from "@stint/edge/Audit"
import { AuditRepo } from "@stint/edge/Audit/Repo"
import * as Client from "@stint/edge/Client"
import { middlewares } from "@stint/edge/Handler"
import { IdempotencyRepo } from "@stint/edge/Idempotency/Repo"
import { byMode } from "@stint/edge/Persistence"
import * as Pg from "@stint/edge/Pg"
import { health } from "@stint/edge/Pg/Health"
import * as Retention from "@stint/edge/Retention"
import { Effect, Layer } from "effect"
import { HttpApiBuilder, HttpApiSwagger } from "effect/http-api"
import { Catalog, Scheduler } from "./Clients.ts"
import { Clockwork, ticking } from "./Clockwork.ts"
import * as ClockworkMemory from "./Clockwork/RepoMemory.ts"
import * as ClockworkPg from "./Clockwork/RepoPg.ts"
import { Customers } from "./Customers.ts"
import { CustomersHttp } from "./Customers/Http.ts"
import { CustomersRepo } from "./Customers/Repo.ts"
import { Memory } from "./Engagements/Memory.ts"
import * as EngagementsMemory from "./Engagements/RepoMemory.ts"
import * as EngagementsPg from "./Engagements/RepoPg.ts"
import { Feed, pruning } from "./Feed.ts"
import { FeedHttp } from "./Feed/Http.ts"
import * as FeedMemory from "./Feed/RepoMemory.ts"
import * as FeedPg from "./Feed/RepoPg.ts"
import { Goals } from "./Goals.ts"
import { GoalsHttp } from "./Goals/Http.ts"
import { Hires } from "./Hires.ts"
import { HiresHttp } from "./Hires/Http.ts"
import { metrics } from "./Metrics.ts"
import { MetricsRepo } from "./Metrics/Repo.ts"
import { scripts } from "./Schema.ts"
import { Subscriptions } from "./Subscriptions.ts"
import { SubscriptionsHttp } from "./Subscriptions/Http.ts"
import { Trials } from "./Trials.ts"
import { TrialsHttp } from "./Trials/Http.ts"
import * as TrialsMemory from "./Trials/RepoMemory.ts"
import * as TrialsPg from "./Trials/RepoPg.ts"
import { TrialStatus } from "./TrialStatus.ts"
import { TrialStatusHttp } from "./TrialStatus/Http.ts"

const Storage = byMode(
  { name: "hiring", flag: "PERSISTENCE_MODE" },
  Layer.mergeAll(
    EngagementsPg.layerPg,
    FeedPg.layerPg,
    ClockworkPg.layerPg,
    CustomersRepo.layerPg,
    TrialsPg.layerPg,
    IdempotencyRepo.layerPg,
    MetricsRepo.layerPg,
    AuditRepo.layerPg,
    health("hiring", scripts),
  ).pipe(
    Layer.provide(Pg.layer("hiring")),
  ),
  Layer.mergeAll(
    EngagementsMemory.layerMemory,
    FeedMemory.layerMemory,
    ClockworkMemory.layerMemory,
    CustomersRepo.layerMemory,
    TrialsMemory.layerMemory,
    IdempotencyRepo.layerMemory,
    MetricsRepo.layerMemory,
    AuditRepo.layerMemory,
  ).pipe(
    Layer.provide(Memory.layer),
  ),
)

/** The services that hiring asks, over HTTP. */
export const Neighbours = Layer.mergeAll(Catalog.layer, Scheduler.layer).pipe(Layer.provide(Client.layer))

/** Hiring, given the services that it asks. */
export const AppNoNeighbours = Layer.mergeAll(
  HttpApiBuilder.layer(HiringApi, { openapiPath: "/openapi.json" }),
  HttpApiSwagger.layer(HiringApi, { path: "/docs" }),
  Audit.layer("hiring"),
  metrics,
  Retention.layer(Effect.all([Audit.retention])),
  pruning,
  ticking,
).pipe(
  Layer.provide([CustomersHttp, SubscriptionsHttp, HiresHttp, GoalsHttp, TrialStatusHttp, TrialsHttp, FeedHttp]),
  Layer.provide(TrialStatus.layerNoDeps),
  Layer.provide([
    Customers.layerNoDeps,
    Subscriptions.layerNoDeps,
    Hires.layerNoDeps,
    Goals.layerNoDeps,
    Trials.layerNoDeps,
    Clockwork.layerNoDeps,
    Feed.layerNoDeps,
    middlewares,
  ]),
  Layer.provide(Storage),
)

/** Hiring. */
export const App = AppNoNeighbours.pipe(Layer.provide(Neighbours))
