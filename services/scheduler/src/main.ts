/** Deno hosts the handler. */
import { serve } from "@stint/edge/Serve"
import { host, service } from "./handler.ts"

serve({ name: "scheduler", port: 4, ...service }, host)
