/** Deno hosts the handler. */
import { serve } from "@stint/edge/Serve"
import { host, service } from "./handler.ts"

serve({ name: "hiring", port: 2, ...service }, host)
