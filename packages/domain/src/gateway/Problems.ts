/** What goes wrong between the front door and a service. */
import { problem } from "../Problem.ts"

/** 502: a service took the request and gave no answer. */
export class BadGateway extends problem<BadGateway>()("BadGateway", {
  code: "bad_gateway",
  status: 502,
  title: "A service gave no answer",
}) {}

/** 504: a service did not begin its answer in time. */
export class GatewayTimeout extends problem<GatewayTimeout>()("GatewayTimeout", {
  code: "gateway_timeout",
  status: 504,
  title: "A service did not answer in time",
}) {}
