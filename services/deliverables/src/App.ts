/** Everything deliverables are made of, in one flat list. */
import { DeliverablesApi } from "@stint/domain/deliverables/Api"
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
import { Digest } from "effect/crypto"
import { FetchHttpClient } from "effect/http"
import { HttpApiBuilder, HttpApiSwagger } from "effect/http-api"
import { Catalog, Hiring } from "./Clients.ts"
import { Definitions } from "./Definitions.ts"
import { Deliverables } from "./Deliverables.ts"
import { DeliverablesHttp } from "./Deliverables/Http.ts"
import { DeliverablesRepo } from "./Deliverables/Repo.ts"
import { Drafts } from "./Drafts.ts"
import { DraftsRepo } from "./Drafts/Repo.ts"
import { Attempts } from "./Execution/Attempts.ts"
import { targets } from "./Execution/Targets.ts"
import { worker } from "./Execution/Worker.ts"
import { Executions } from "./Executions.ts"
import * as ExecutionsMemory from "./Executions/Repo/Memory.ts"
import * as ExecutionsPg from "./Executions/Repo/Postgres.ts"
import { goalsFollower } from "./Goals.ts"
import { GoalsRepo } from "./Goals/Repo.ts"
import { MemoryTables } from "./MemoryTables.ts"
import { metrics } from "./Metrics.ts"
import { MetricsRepo } from "./Metrics/Repo.ts"
import { Reviews } from "./Reviews.ts"
import { ReviewsRepo } from "./Reviews/Repo.ts"
import { scripts } from "./Schema.ts"
import { TrialDeliverables } from "./TrialDeliverables.ts"
import { TrialDeliverablesHttp } from "./TrialDeliverables/Http.ts"
import { TrialDeliverablesRepo } from "./TrialDeliverables/Repo.ts"

const Storage = byMode(
  { name: "deliverables", flag: "DELIVERABLE_PERSISTENCE_MODE" },
  Layer.mergeAll(
    DeliverablesRepo.layerPg,
    DraftsRepo.layerPg,
    ReviewsRepo.layerPg,
    ExecutionsPg.layer,
    GoalsRepo.layerPg,
    TrialDeliverablesRepo.layerPg,
    IdempotencyRepo.layerPg,
    MetricsRepo.layerPg,
    AuditRepo.layerPg,
    health("deliverables", scripts),
  ).pipe(Layer.provide(Pg.layer("deliverables"))),
  Layer.mergeAll(
    DeliverablesRepo.layerMemory,
    DraftsRepo.layerMemory,
    ReviewsRepo.layerMemory,
    ExecutionsMemory.layer,
    GoalsRepo.layerMemory,
    TrialDeliverablesRepo.layerMemory,
    IdempotencyRepo.layerMemory,
    MetricsRepo.layerMemory,
    AuditRepo.layerMemory,
  ).pipe(Layer.provide(MemoryTables.layer)),
)

/** Deliverables without the services that they ask: a test brings its own. */
export const AppNoClients = Layer.mergeAll(
  HttpApiBuilder.layer(DeliverablesApi, { openapiPath: "/openapi.json" }),
  HttpApiSwagger.layer(DeliverablesApi, { path: "/docs" }),
  Audit.layer("deliverables"),
  metrics,
  Retention.layer(Effect.all([Audit.retention])),
  worker,
  goalsFollower,
).pipe(
  Layer.provide([DeliverablesHttp, TrialDeliverablesHttp]),
  Layer.provide([Executions.layerNoDeps, Reviews.layerNoDeps, Drafts.layerNoDeps, TrialDeliverables.layerNoDeps]),
  Layer.provide([Deliverables.layerNoDeps, Definitions.layerNoDeps, Attempts.layerNoDeps]),
  Layer.provide([middlewares, targets]),
  Layer.provide([Storage, Digest.layerWebCrypto, FetchHttpClient.layer]),
)

/** The services that deliverables ask. */
export const Neighbours = Layer.merge(Hiring.layer, Catalog.layer).pipe(Layer.provide(Client.layer))

/** Deliverables. */
export const App = AppNoClients.pipe(Layer.provide(Neighbours))
