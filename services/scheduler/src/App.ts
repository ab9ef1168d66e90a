/** Everything that the scheduler is made of, in one flat list. */
import { SchedulerApi } from "@stint/domain/scheduler/Api"
import * as Alarm from "@stint/edge/Alarm"
import { AlarmRepo } from "@stint/edge/Alarm/Repo"
import * as Audit from "@stint/edge/Audit"
import { AuditRepo } from "@stint/edge/Audit/Repo"
import * as AwayAlarm from "@stint/edge/AwayAlarm"
import * as Client from "@stint/edge/Client"
import * as Docs from "@stint/edge/Docs"
import * as FollowerAlarm from "@stint/edge/FollowerAlarm"
import { middlewares } from "@stint/edge/Handler"
import { IdempotencyRepo } from "@stint/edge/Idempotency/Repo"
import { Neighbours } from "@stint/edge/Neighbours"
import * as Persistence from "@stint/edge/Persistence"
import { Database } from "@stint/edge/Pg/Database"
import { health } from "@stint/edge/Pg/Health"
import { RateRepo } from "@stint/edge/RateLimit/Repo"
import { digestLayer } from "@stint/edge/Sha256"
import { Layer } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { ActionLog } from "./ActionLog.ts"
import { ActionLogHttp } from "./ActionLog/Http.ts"
import { ActionLogRepo } from "./ActionLog/Repo.ts"
import { Alerts } from "./Alerts.ts"
import { AlertsRepo } from "./Alerts/Repo.ts"
import { Answers } from "./Answers.ts"
import { AnswersHttp } from "./Answers/Http.ts"
import { AnswersRepo } from "./Answers/Repo.ts"
import { Backfills } from "./Backfill.ts"
import { BackfillHttp } from "./Backfill/Http.ts"
import { BackfillRepo } from "./Backfill/Repo.ts"
import { Drafts, Hiring } from "./Clients.ts"
import { DeadLetters } from "./DeadLetters.ts"
import { DeadLettersHttp } from "./DeadLetters/Http.ts"
import { DeadLettersRepo } from "./DeadLetters/Repo.ts"
import * as Engine from "./Engine.ts"
import { EngineRepo } from "./Engine/Repo.ts"
import { Figures } from "./Figures.ts"
import { FiguresHttp } from "./Figures/Http.ts"
import { FiguresRepo } from "./Figures/Repo.ts"
import { Health } from "./Health.ts"
import { HealthHttp } from "./Health/Http.ts"
import { HealthRepo } from "./Health/Repo.ts"
import { Limits } from "./Limits.ts"
import { LimitsHttp } from "./Limits/Http.ts"
import { LimitsRepo } from "./Limits/Repo.ts"
import { Nudge } from "./Nudge.ts"
import { Outcomes } from "./Outcomes.ts"
import { OutcomesHttp } from "./Outcomes/Http.ts"
import { OutcomesRepo } from "./Outcomes/Repo.ts"
import { Pauses } from "./Pauses.ts"
import { PausesHttp } from "./Pauses/Http.ts"
import { PausesRepo } from "./Pauses/Repo.ts"
import { Projection } from "./Projection.ts"
import { ProjectionRepo } from "./Projection/Repo.ts"
import { Queue } from "./Queue.ts"
import { PLANNER } from "./Queue/Repo.ts"
import { Replicas } from "./Replicas.ts"
import { ReplicasHttp } from "./Replicas/Http.ts"
import { ReplicasRepo } from "./Replicas/Repo.ts"
import * as Retention from "./Retention.ts"
import { RetentionRepo } from "./Retention/Repo.ts"
import { Runs } from "./Runs.ts"
import { RunsHttp } from "./Runs/Http.ts"
import { RunsRepo } from "./Runs/Repo.ts"
import { scripts } from "./Schema.ts"
import { Simulation } from "./Simulation.ts"
import { SimulationHttp } from "./Simulation/Http.ts"
import { SimulationRepo } from "./Simulation/Repo.ts"
import * as Telling from "./Telling.ts"
import { TellingRepo } from "./Telling/Repo.ts"
import { Triggers } from "./Triggers.ts"
import { TriggersHttp } from "./Triggers/Http.ts"
import { TriggersRepo } from "./Triggers/Repo.ts"
import { Upcoming } from "./Upcoming.ts"
import { UpcomingHttp } from "./Upcoming/Http.ts"
import { UpcomingRepo } from "./Upcoming/Repo.ts"

/** The storage of every feature. */
export const Repos = Layer.mergeAll(
  ActionLogRepo.layer,
  AlertsRepo.layer,
  AnswersRepo.layer,
  BackfillRepo.layer,
  DeadLettersRepo.layer,
  EngineRepo.layer,
  FiguresRepo.layer,
  HealthRepo.layer,
  LimitsRepo.layer,
  OutcomesRepo.layer,
  PausesRepo.layer,
  ReplicasRepo.layer,
  RetentionRepo.layer,
  SimulationRepo.layer,
  TellingRepo.layer,
  TriggersRepo.layer,
  UpcomingRepo.layer,
).pipe(
  Layer.provideMerge([ProjectionRepo.layer, RunsRepo.layer]),
  Layer.provideMerge([Queue.layer, Nudge.layer]),
)

const Storage = Layer.mergeAll(
  Repos,
  AlarmRepo.layer,
  Database.layer("scheduler"),
  IdempotencyRepo.layer,
  RateRepo.layer,
  AuditRepo.layer,
  health("scheduler", scripts),
).pipe(
  Layer.provide(Persistence.layer({ name: "scheduler", flag: "SCHEDULER_PERSISTENCE_MODE", settings: PLANNER })),
)

/** The services that the scheduler calls, over HTTP. */
export const Clients = Layer.mergeAll(Drafts.layer, Hiring.layer).pipe(Layer.provide(Client.layer))

/** Whether they are here. It can do nothing without deliverables, and deliverables nothing without hiring. */
const watched = Neighbours.layer("scheduler", ["deliverables", "hiring"], ["deliverables", "hiring"])

/** The scheduler over given clients: a test gives its own, and they are never away unless it says so. */
export const appWith = <E, R, E2 = never, R2 = never>(
  clients: Layer.Layer<Drafts | Hiring, E, R>,
  neighbours: Layer.Layer<Neighbours, E2, R2> = Neighbours.none,
) =>
  Layer.mergeAll(
    HttpApiBuilder.layer(SchedulerApi, { openapiPath: "/openapi.json" }),
    Docs.layer(SchedulerApi),
    Alerts.worker,
    Audit.layer("scheduler"),
    AwayAlarm.layer(() => true),
    FollowerAlarm.layer,
    Engine.worker,
    Health.metrics,
    Health.readiness,
    Projection.rederivation,
    Projection.worker,
    Replicas.worker,
    Retention.worker,
    Telling.worker,
  ).pipe(
    Layer.provide([
      ActionLogHttp,
      AnswersHttp,
      BackfillHttp,
      DeadLettersHttp,
      FiguresHttp,
      HealthHttp,
      LimitsHttp,
      OutcomesHttp,
      PausesHttp,
      ReplicasHttp,
      RunsHttp,
      SimulationHttp,
      TriggersHttp,
      UpcomingHttp,
    ]),
    Layer.provide([
      ActionLog.layer,
      Answers.layer,
      Backfills.layer,
      DeadLetters.layer,
      Figures.layer,
      Health.layer,
      Limits.layer,
      Outcomes.layer,
      Pauses.layer,
      Runs.layer,
      Simulation.layer,
      Triggers.layer,
      Upcoming.layer,
      middlewares("scheduler"),
    ]),
    Layer.provide([Alarm.layer, Alerts.layer, Projection.layer, Replicas.layer]),
    Layer.provide([Storage, digestLayer]),
    Layer.provide([clients, neighbours]),
  )

/** The scheduler. */
export const App = appWith(Clients, watched)
