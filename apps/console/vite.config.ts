/** The build of the console: `npm run build -w apps/console`; hashed files below dist/assets, which are served as immutable. */
import react from "@vitejs/plugin-react"
import { defineConfig } from "vite"
import { contracts } from "./build/Contracts.ts"

/** What every first screen decodes and shows: small files, which are smaller together. */
const firstView = new RegExp(
  [
    "/console/src/(api/(Client|Queries|Session|Deliverables|Hires|Pages)|format/(Search|Time|Words)|ui/(Instant|Now|Page|States|Tag))[.]",
    "/domain/src/(Draft|Formats|Ids|Payload|Protocol|Definition/HireSettings|agents/\\w+/Payload)[.]",
    "/domain/src/(deliverables/(Deliverables|Deliveries)|gateway/Sessions|hiring/(Hires|Subscriptions))[.]",
  ].join("|"),
)

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), contracts()],
  build: {
    target: "es2023",
    // nothing may stand in the page as a data: url but what the policy allows: all files are served
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      // what every page needs is one file: a dozen small ones would be compressed each by itself
      output: {
        codeSplitting: {
          groups: [
            { name: "vendor", test: /node_modules.(react|react-dom|scheduler|@tanstack)[/]/ },
            { name: "first", test: firstView },
          ],
        },
      },
      // declarations of the contracts: what nobody uses of them is left out
      treeshake: { manualPureFunctions: ["Context", "HttpApiSchema", "Model", "OpenApi", "Schema", "created"] },
    },
  },
  server: {
    // for work on the console: the pages come from Vite, all else from a gateway that runs
    proxy: Object.fromEntries(
      ["/api", "/session", "/events", "/openapi.json", "/docs"].map((
        path,
      ) => [path, { target: "http://127.0.0.1:4100" }]),
    ),
  },
})
