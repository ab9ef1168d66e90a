/** Deno hosts the handler. */
import { serve } from "@stint/edge/Serve"
import { host, service } from "./handler.ts"

serve({ name: "catalog", port: 1, ...service }, host)
