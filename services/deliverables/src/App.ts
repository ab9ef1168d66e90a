/** Everything that deliverables is made of, in one flat list. */
import { DeliverablesApi } from "@stint/domain/deliverables/Api"
import { DecisionLinksApi } from "@stint/domain/deliverables/DecisionLinks"
import { MakerAnswersApi, MakerDocument } from "@stint/domain/makers/Answers"
import * as Alarm from "@stint/edge/Alarm"
import { AlarmRepo } from "@stint/edge/Alarm/Repo"
import { ActionLog } from "@stint/edge/ActionLog"
import * as Audit from "@stint/edge/Audit"
import { AuditRepo } from "@stint/edge/Audit/Repo"
import * as AwayAlarm from "@stint/edge/AwayAlarm"
import * as Client from "@stint/edge/Client"
import * as Docs from "@stint/edge/Docs"
import * as FollowerAlarm from "@stint/edge/FollowerAlarm"
import { middlewares } from "@stint/edge/Handler"
import { IdempotencyRepo } from "@stint/edge/Idempotency/Repo"
import { Mail } from "@stint/edge/Mail"
import { Neighbours } from "@stint/edge/Neighbours"
import * as Persistence from "@stint/edge/Persistence"
import { Database } from "@stint/edge/Pg/Database"
import { health } from "@stint/edge/Pg/Health"
import { Rates } from "@stint/edge/RateLimit"
import { RateRepo } from "@stint/edge/RateLimit/Repo"
import { digestLayer } from "@stint/edge/Sha256"
import * as Retention from "@stint/edge/Retention"
import { Effect, Layer } from "effect"
import { FetchHttpClient } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import * as Agents from "./Agents.ts"
import { AgentsRepo } from "./Agents/Repo.ts"
import { ActionLogHttp } from "./ActionLog/Http.ts"
import * as ActionLogRepo from "./ActionLog/Repo.ts"
import { Catalog, Hiring, Scheduler } from "./Clients.ts"
import { DecisionLinks } from "./DecisionLinks.ts"
import { DecisionLinksHttp } from "./DecisionLinks/Http.ts"
import { DecisionLinksRepo } from "./DecisionLinks/Repo.ts"
import { Definitions } from "./Definitions.ts"
import { Deliverables } from "./Deliverables.ts"
import { DeliverablesHttp } from "./Deliverables/Http.ts"
import { DeliverablesRepo } from "./Deliverables/Repo.ts"
import { Deliveries } from "./Deliveries.ts"
import { DeliveriesHttp } from "./Deliveries/Http.ts"
import { DeliveriesRepo } from "./Deliveries/Repo.ts"
import { Drafts } from "./Drafts.ts"
import { DraftsHttp } from "./Drafts/Http.ts"
import { DraftsRepo } from "./Drafts/Repo.ts"
import * as Expiry from "./Expiry.ts"
import { ExpiryRepo } from "./Expiry/Repo.ts"
import { Executions } from "./Executions.ts"
import { Attempts } from "./Executions/Attempts.ts"
import { ExecutionsHttp } from "./Executions/Http.ts"
import { ExecutionsRepo } from "./Executions/Repo.ts"
import { Targets } from "./Executions/Targets.ts"
import { MakerAnswers } from "./MakerAnswers.ts"
import { MakerAnswersHttp } from "./MakerAnswers/Http.ts"
import { Makings } from "./Makings.ts"
import { MakingsHttp } from "./Makings/Http.ts"
import { retention as makingsRetention } from "./Makings/Retention.ts"
import * as MakingsWorker from "./Makings/Worker.ts"
import { MakingsRepo } from "./Makings/Repo.ts"
import { SlowMakers } from "./Makers/Slow.ts"
import { Mandates } from "./Mandates.ts"
import { MandatesHttp } from "./Mandates/Http.ts"
import { MandatesRepo } from "./Mandates/Repo.ts"
import { metrics } from "./Metrics.ts"
import { MetricsRepo } from "./Metrics/Repo.ts"
import { Notices } from "./Notices.ts"
import { Channels } from "./Notices/Channels.ts"
import { NoticesHttp } from "./Notices/Http.ts"
import { NoticesRepo } from "./Notices/Repo.ts"
import { retention as noticesRetention } from "./Notices/Retention.ts"
import * as Projection from "./Projection.ts"
import { ProjectionRepo } from "./Projection/Repo.ts"
import { Reports } from "./Reports.ts"
import { ReportsHttp } from "./Reports/Http.ts"
import { ReportsRepo } from "./Reports/Repo.ts"
import { Reviewers } from "./Reviewers.ts"
import { ReviewersHttp } from "./Reviewers/Http.ts"
import { ReviewersRepo } from "./Reviewers/Repo.ts"
import { Revising } from "./Revising.ts"
import { Revisions } from "./Revisions.ts"
import { RevisionsHttp } from "./Revisions/Http.ts"
import { RevisionsRepo } from "./Revisions/Repo.ts"
import { Reviews } from "./Reviews.ts"
import { ReviewsHttp } from "./Reviews/Http.ts"
import { ReviewsRepo } from "./Reviews/Repo.ts"
import { scripts } from "./Schema.ts"
import { TrialDeliverables } from "./TrialDeliverables.ts"
import { TrialDeliverablesHttp } from "./TrialDeliverables/Http.ts"
import { TrialDeliverablesRepo } from "./TrialDeliverables/Repo.ts"

const Storage = Layer.mergeAll(
  DeliverablesRepo.layer,
  AgentsRepo.layer,
  DraftsRepo.layer,
  ReviewsRepo.layer,
  RevisionsRepo.layer,
  ExpiryRepo.layer,
  ReportsRepo.layer,
  ExecutionsRepo.layer,
  DeliveriesRepo.layer,
  MakingsRepo.layer,
  MandatesRepo.layer,
  ReviewersRepo.layer,
  NoticesRepo.layer,
  DecisionLinksRepo.layer,
  ProjectionRepo.layer,
  TrialDeliverablesRepo.layer,
  IdempotencyRepo.layer,
  RateRepo.layer,
  MetricsRepo.layer,
  AuditRepo.layer,
  AlarmRepo.layer,
  Database.layer("deliverables"),
  health("deliverables", scripts),
).pipe(
  Layer.provideMerge(ActionLogRepo.layer),
  Layer.provide(Persistence.layer({ name: "deliverables", flag: "DELIVERABLE_PERSISTENCE_MODE" })),
)

/** The services that deliverables calls, over HTTP. */
export const Clients = Layer.mergeAll(Catalog.layer, Hiring.layer, Scheduler.layer).pipe(Layer.provide(Client.layer))

/** Whether they are here: shown on `/readyz`, which they do not take away, since most of deliverables works without them. */
const watched = Neighbours.layer("deliverables", ["hiring", "catalog"])

/** Deliverables over given clients: a test gives its own, and they are never away unless it says so. */
export const appWith = <E, R, E2 = never, R2 = never>(
  clients: Layer.Layer<Catalog | Hiring | Scheduler, E, R>,
  neighbours: Layer.Layer<Neighbours, E2, R2> = Neighbours.none,
) =>
  Layer.mergeAll(
    HttpApiBuilder.layer(DeliverablesApi, { openapiPath: "/openapi.json" }),
    Docs.layer(DeliverablesApi),
    Docs.document("/makers/openapi.json", MakerDocument),
    HttpApiBuilder.layer(DecisionLinksApi, { openapiPath: "/decision-links/openapi.json" }),
    HttpApiBuilder.layer(MakerAnswersApi, { openapiPath: "/maker-answers/openapi.json" }),
    Audit.layer("deliverables"),
    // its own database alone: the scheduler alarms about the rest
    AwayAlarm.layer(() => false),
    FollowerAlarm.layer,
    metrics,
    Retention.layer(Effect.all([Audit.retention, Alarm.Alarms.retention, makingsRetention, noticesRetention])),
    Agents.worker,
    Executions.worker,
    MakingsWorker.worker,
    Expiry.worker,
    Mandates.worker,
    Deliveries.watch,
    Projection.worker,
    Notices.worker,
    Notices.expiry,
    Notices.watch,
  ).pipe(
    Layer.provide([
      DraftsHttp,
      DeliverablesHttp,
      ReviewsHttp,
      ExecutionsHttp,
      DeliveriesHttp,
      MakingsHttp,
      TrialDeliverablesHttp,
    ]),
    Layer.provide([ActionLogHttp, MandatesHttp, ReportsHttp, RevisionsHttp]),
    Layer.provide([ReviewersHttp, NoticesHttp, DecisionLinksHttp, MakerAnswersHttp]),
    Layer.provide(MakerAnswers.layer),
    Layer.provide([Drafts.layer, Mandates.layer, Reviews.layer, Deliveries.layer, TrialDeliverables.layer]),
    Layer.provide([ActionLog.layer, Executions.layer, Reports.layer, Revisions.layer, Revising.layer]),
    Layer.provide([Makings.layer, Reviewers.layer, Notices.layer, Channels.layer]),
    Layer.provide([DecisionLinks.layer, Mail.layer]),
    Layer.provide([Rates.layer]),
    Layer.provide([Deliverables.layer, Definitions.layer, Attempts.layer]),
    Layer.provide([middlewares("deliverables"), Targets.layer, SlowMakers.layer, Alarm.layer]),
    Layer.provide([Storage, digestLayer, FetchHttpClient.layer]),
    Layer.provide([clients, neighbours]),
  )

/** Deliverables. */
export const App = appWith(Clients.pipe(Layer.provide(watched)), watched)
