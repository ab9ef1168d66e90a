/** Everything that the catalog is made of, in one flat list. */
import { CatalogApi } from "@stint/domain/catalog/AgentTypes"
import { ActionLog } from "@stint/edge/ActionLog"
import { ActionLogRepo } from "@stint/edge/ActionLog/Repo"
import * as Audit from "@stint/edge/Audit"
import { AuditRepo } from "@stint/edge/Audit/Repo"
import * as Client from "@stint/edge/Client"
import * as Docs from "@stint/edge/Docs"
import { middlewares } from "@stint/edge/Handler"
import { IdempotencyRepo } from "@stint/edge/Idempotency/Repo"
import { byUse } from "@stint/edge/Persistence"
import * as Pg from "@stint/edge/Pg"
import { Database } from "@stint/edge/Pg/Database"
import { health } from "@stint/edge/Pg/Health"
import { RateRepo } from "@stint/edge/RateLimit/Repo"
import * as Retention from "@stint/edge/Retention"
import { Effect, Layer } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { ActionLogHttp } from "./ActionLog/Http.ts"
import { AgentTypes } from "./AgentTypes.ts"
import { AgentTypesHttp } from "./AgentTypes/Http.ts"
import { AgentTypesRepo } from "./AgentTypes/Repo.ts"
import { Checks } from "./Checks.ts"
import { Hiring } from "./Clients.ts"
import * as Metrics from "./Metrics.ts"
import { scripts } from "./Schema.ts"

const Storage = byUse(
  { name: "catalog", flag: "USE_AGENT_TYPE_DB" },
  Layer.mergeAll(
    AgentTypesRepo.layer,
    IdempotencyRepo.layer,
    RateRepo.layer,
    AuditRepo.layer,
    Database.layer("catalog"),
    health("catalog", scripts),
  ).pipe(
    Layer.provideMerge(ActionLogRepo.layer("catalog_action_log")),
    Layer.provide(Pg.layer("catalog")),
  ),
  Layer.mergeAll(AgentTypesRepo.layerMemory, IdempotencyRepo.layerMemory, RateRepo.layerMemory, AuditRepo.layerMemory)
    .pipe(
      Layer.provideMerge(ActionLogRepo.layerMemory),
    ),
)

/** The service that the catalog calls, over HTTP. */
const Clients = Hiring.layer.pipe(Layer.provide(Client.layer))

/** The catalog over a given hiring: a test gives its own. */
export const appWith = <E, R>(clients: Layer.Layer<Hiring, E, R>) =>
  Layer.mergeAll(
    HttpApiBuilder.layer(CatalogApi, { openapiPath: "/openapi.json" }),
    Docs.layer(CatalogApi),
    Audit.layer("catalog"),
    Metrics.worker,
    Retention.layer(Effect.all([Audit.retention])),
    AgentTypes.worker,
  ).pipe(
    Layer.provide([AgentTypesHttp, ActionLogHttp]),
    Layer.provide([AgentTypes.layer, Checks.layer, ActionLog.layer, middlewares("catalog")]),
    Layer.provide([Storage, clients]),
  )

/** The catalog. */
export const App = appWith(Clients)
