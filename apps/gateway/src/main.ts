/** Deno hosts the handler. */
import { GATEWAY_PORT } from "@stint/edge/Ports"
import { serve } from "@stint/edge/Serve"
import { host, service } from "./handler.ts"

serve({ name: "gateway", port: GATEWAY_PORT, ...service }, host)
