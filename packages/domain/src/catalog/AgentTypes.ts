/** The contract of the catalog: agent types are data; a version is published once and never changes (api.md, catalog). */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { actionLogGroup } from "../ActionLog.ts"
import { documentOf } from "../Document.ts"
import { Access, Callers } from "../Caller.ts"
import { AgentTypeDefinition } from "../Definition.ts"
import { definitionSizeFaults } from "../Documents.ts"
import { DefinitionCheck } from "../hiring/DefinitionsInUse.ts"
import { AgentTypeId, NamedVersion } from "../Ids.ts"
import { faultFields, InvalidRequest, problem, Unavailable } from "../Problem.ts"
import { created, IdempotencyHeader, Instant, JudgedFirst, listOf, pageQuery } from "../Protocol.ts"
import { serviceApi } from "../ServiceApi.ts"

/** A published version of an agent type. `id` is `{agent_type_id}@{version}`. */
export class AgentType extends Schema.Class<AgentType>("AgentType")({
  id: Schema.String.annotate({ examples: ["marketing.healthcare.v1@1.0.0"] }),
  ...AgentTypeDefinition.fields,
  created_at: Instant,
  updated_at: Instant,
}) {}

/** 404: there is no such type, or no such version of it. */
export class AgentTypeNotFound extends problem<AgentTypeNotFound>()("AgentTypeNotFound", {
  code: "agent_type_not_found",
  status: 404,
  title: "There is no such agent type",
}) {}

/** 409: the version is published with other content; `errors` names each difference. A change needs a new version. */
export class AgentTypeImmutable extends problem<AgentTypeImmutable>()("AgentTypeImmutable", {
  code: "agent_type_immutable",
  status: 409,
  title: "A published version never changes",
}, faultFields) {}

const readers = ["customer", "operator", "viewer"] as const

/** Endpoints of agent types. */
export class AgentTypesGroup extends HttpApiGroup.make("agentTypes")
  .annotate(OpenApi.Title, "Agent types")
  .annotate(OpenApi.Description, "What can be hired. A version is published once and never changes.")
  .add(
    HttpApiEndpoint.get("list", "/", { query: pageQuery, success: listOf(AgentType) }).annotate(Access, readers)
      .annotate(OpenApi.Summary, "List the agent types")
      .annotate(OpenApi.Description, "For people of every role: the latest version of each type, by semantic version."),
    HttpApiEndpoint.post("publish", "/", {
      headers: IdempotencyHeader,
      payload: AgentTypeDefinition,
      success: [AgentType, created(AgentType)],
      error: [AgentTypeImmutable, InvalidRequest],
    }).annotate(Access, ["operator"]).annotate(JudgedFirst, definitionSizeFaults)
      .annotate(OpenApi.Summary, "Publish a version of an agent type")
      .annotate(
        OpenApi.Description,
        "Operators only. 201 when it is new, 200 when it is published with the same content, 409 " +
          "agent_type_immutable, which names each difference, when it is published with other content.",
      ),
    HttpApiEndpoint.get("get", "/:type", {
      params: { type: AgentTypeId },
      query: { version: Schema.optionalKey(NamedVersion) },
      success: AgentType,
      error: AgentTypeNotFound,
    }).annotate(Access, [...readers, "service"]).annotate(Callers, ["hiring", "deliverables"])
      .annotate(OpenApi.Summary, "Get an agent type")
      .annotate(OpenApi.Description, "For every role: its latest version, or the one that `version` names."),
    HttpApiEndpoint.put("put", "/:type", {
      params: { type: AgentTypeId },
      payload: AgentTypeDefinition,
      success: [AgentType, created(AgentType)],
      error: [AgentTypeImmutable, InvalidRequest],
    }).annotate(Access, ["operator"]).annotate(JudgedFirst, definitionSizeFaults)
      .annotate(OpenApi.Summary, "Publish a version under a known id")
      .annotate(
        OpenApi.Description,
        "Operators only; `agent_type_id` of the body must be that of the path. 201 when the version is new, " +
          "200 when it is published with the same content, 409 agent_type_immutable when it is published with " +
          "other content.",
      ),
    HttpApiEndpoint.post("check", "/:type/check", {
      params: { type: AgentTypeId },
      query: pageQuery,
      payload: AgentTypeDefinition,
      success: DefinitionCheck,
      error: [InvalidRequest, Unavailable],
    }).annotate(Access, ["operator"]).annotate(JudgedFirst, definitionSizeFaults)
      .annotate(OpenApi.Summary, "Check whom a definition would break")
      .annotate(
        OpenApi.Description,
        "Operators only; nothing is stored. The definition is held to the same rules as a published one, then to every " +
          "live hire of the type: `breaks` names the configs and goals that would not hold under it, and why. Live is a " +
          "hire that is not deactivated, under a subscription that is not canceled; a draft that is not configured may " +
          "stay so.",
      ),
    HttpApiEndpoint.get("versions", "/:type/versions", {
      params: { type: AgentTypeId },
      query: pageQuery,
      success: listOf(AgentType),
      error: AgentTypeNotFound,
    }).annotate(Access, readers)
      .annotate(OpenApi.Summary, "List the versions of an agent type")
      .annotate(OpenApi.Description, "For people of every role: all published versions, the latest first."),
  )
  .prefix("/agent-types") {}

/** The catalog, which knows the agent types. */
export class CatalogApi extends serviceApi("catalog", AgentTypesGroup, actionLogGroup("catalog"))
  .annotateMerge(
    documentOf({ title: "Stint catalog", description: "The agent types that can be hired." }),
  ) {}
