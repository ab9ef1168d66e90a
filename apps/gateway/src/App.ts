/** Everything that the front door is made of, in one flat list. */
import { GatewayApi } from "@stint/domain/gateway/Sessions"
import { Verifier } from "@stint/edge/Auth"
import * as Body from "@stint/edge/Body"
import { Neighbours } from "@stint/edge/Neighbours"
import * as RequestProblems from "@stint/edge/RequestProblems"
import { Layer } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Changes } from "./Changes.ts"
import { ChangesHttp } from "./Changes/Http.ts"
import { Console } from "./Console.ts"
import { ConsoleHttp } from "./Console/Http.ts"
import { Decisions } from "./Decisions.ts"
import { DecisionsHttp } from "./Decisions/Http.ts"
import { DocsHttp } from "./Docs/Http.ts"
import { Mcp } from "./Mcp.ts"
import { McpHttp } from "./Mcp/Http.ts"
import { Origin } from "./Origin.ts"
import { Sessions } from "./Sessions.ts"
import { SessionsHttp } from "./Sessions/Http.ts"
import { Upstreams } from "./Upstreams.ts"
import { UpstreamsHttp } from "./Upstreams/Http.ts"

/** The front door. */
export const App = Layer.mergeAll(
  HttpApiBuilder.layer(GatewayApi),
  UpstreamsHttp,
  ChangesHttp,
  DocsHttp,
  DecisionsHttp,
  McpHttp,
  ConsoleHttp,
).pipe(
  Layer.provide(SessionsHttp),
  Layer.provide([Mcp.layer, Decisions.layer]),
  Layer.provide(Changes.layer),
  Layer.provide([Sessions.layer, Upstreams.layer, Console.layer, Body.layer, RequestProblems.layer]),
  Layer.provide([
    Origin.layer,
    Verifier.layer("gateway"),
    Neighbours.layer("gateway", ["catalog", "hiring", "deliverables", "scheduler"]),
  ]),
)
