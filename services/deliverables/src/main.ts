/** Serves the handler on Deno. */
import { serve } from "@stint/edge/Serve"
import { host, service } from "./handler.ts"

serve({ name: "deliverables", port: 3, ...service }, host)
