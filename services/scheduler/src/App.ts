/** Everything the scheduler is made of, in one flat list. */
import { SchedulerApi } from "@stint/domain/scheduler/Api"
import * as Audit from "@stint/edge/Audit"
import { AuditRepo } from "@stint/edge/Audit/Repo"
import * as Client from "@stint/edge/Client"
import { middlewares } from "@stint/edge/Handler"
import { IdempotencyRepo } from "@stint/edge/Idempotency/Repo"
import * as Persistence from "@stint/edge/Persistence"
import { health } from "@stint/edge/Pg/Health"
import * as Retention from "@stint/edge/Retention"
import { Layer } from "effect"
import { Mac, SecureRandom } from "effect/crypto"
import { FetchHttpClient } from "effect/http"
import { HttpApiBuilder, HttpApiSwagger } from "effect/http-api"
import { Answers } from "./Answers.ts"
import { AnswersHttp } from "./Answers/Http.ts"
import * as AnswersPg from "./Answers/PgRepo.ts"
import { alerting, Alerts } from "./Alerts.ts"
import { AlertsRepo } from "./Alerts/Repo.ts"
import { Backfills } from "./Backfill.ts"
import { BackfillHttp } from "./Backfill/Http.ts"
import * as BackfillPg from "./Backfill/PgRepo.ts"
import { Drafts, Hiring } from "./Clients.ts"
import { Controls } from "./Controls.ts"
import { ControlsHttp } from "./Controls/Http.ts"
import * as ControlsPg from "./Controls/PgRepo.ts"
import { DeadLetters } from "./DeadLetters.ts"
import { DeadLettersHttp } from "./DeadLetters/Http.ts"
import * as DeadLettersPg from "./DeadLetters/PgRepo.ts"
import * as Engine from "./Engine.ts"
import { EngineRepo } from "./Engine/Repo.ts"
import { Health, metrics, punctual } from "./Health.ts"
import { HealthHttp } from "./Health/Http.ts"
import { HealthRepo } from "./Health/Repo.ts"
import { Limits } from "./Limits.ts"
import { LimitsHttp } from "./Limits/Http.ts"
import { LimitsRepo } from "./Limits/Repo.ts"
import { Nudge } from "./Nudge.ts"
import * as Projection from "./Projection.ts"
import * as ProjectionPg from "./Projection/PgRepo.ts"
import { Queue } from "./Queue.ts"
import { PLANNER } from "./Queue/Repo.ts"
import { jobs } from "./Retention.ts"
import { RetentionRepo } from "./Retention/Repo.ts"
import { Runs } from "./Runs.ts"
import { RunsHttp } from "./Runs/Http.ts"
import { RunsRepo } from "./Runs/Repo.ts"
import { scripts } from "./Schema.ts"
import { Simulation } from "./Simulation.ts"
import { SimulationHttp } from "./Simulation/Http.ts"
import { SimulationRepo } from "./Simulation/Repo.ts"

const Storage = Layer.mergeAll(
  ProjectionPg.layerPg,
  RunsRepo.layerPg,
  ControlsPg.layerPg,
  BackfillPg.layerPg,
  DeadLettersPg.layerPg,
  LimitsRepo.layerPg,
  HealthRepo.layerPg,
  RetentionRepo.layerPg,
  AlertsRepo.layerPg,
  SimulationRepo.layerPg,
  AnswersPg.layerPg.pipe(Layer.provide([RunsRepo.layerPg, ControlsPg.layerPg])),
  IdempotencyRepo.layerPg,
  AuditRepo.layerPg,
  EngineRepo.layer,
  health("scheduler", scripts),
).pipe(
  Layer.provideMerge(Layer.mergeAll(Queue.layer, Nudge.layer)),
  Layer.provide(Persistence.layer({ name: "scheduler", flag: "SCHEDULER_PERSISTENCE_MODE", settings: PLANNER })),
)

/** The services that the scheduler calls, over HTTP. */
export const Clients = Layer.mergeAll(Drafts.layer, Hiring.layer).pipe(Layer.provide(Client.layer))

/** The scheduler over given clients: a test gives its own. */
export const appWith = <E, R>(clients: Layer.Layer<Drafts | Hiring, E, R>) =>
  Layer.mergeAll(
    HttpApiBuilder.layer(SchedulerApi, { openapiPath: "/openapi.json" }),
    HttpApiSwagger.layer(SchedulerApi, { path: "/docs" }),
    alerting,
    metrics,
    punctual,
    Retention.layer(jobs),
    Audit.layer("scheduler"),
    Projection.layer,
    Engine.worker,
  ).pipe(
    Layer.provide([
      ControlsHttp,
      BackfillHttp,
      RunsHttp,
      AnswersHttp,
      SimulationHttp,
      DeadLettersHttp,
      LimitsHttp,
      HealthHttp,
    ]),
    Layer.provide([
      Controls.layerNoDeps,
      Backfills.layerNoDeps,
      Runs.layerNoDeps,
      DeadLetters.layerNoDeps,
      Limits.layerNoDeps,
      Health.layerNoDeps,
      Simulation.layerNoDeps,
      Answers.layerNoDeps,
      middlewares,
    ]),
    Layer.provide([Alerts.layer, Mac.layerWebCrypto, FetchHttpClient.layer]),
    Layer.provide(SecureRandom.layerWebCrypto),
    Layer.provide(Storage),
    Layer.provide(clients),
  )

/** The scheduler. */
export const App = appWith(Clients)
