/** The console's entry. */
import { MantineProvider } from "@mantine/core"
import { QueryClientProvider } from "@tanstack/react-query"
import { RouterProvider } from "@tanstack/react-router"
import { StrictMode } from "react"
import { createRoot } from "react-dom/client"
import { makeQueryClient } from "./api/Queries.ts"
import { makeRouter } from "./Router.tsx"
import { colorSchemes, resolver, theme } from "./theme/Theme.ts"
import "./ui/mantine.ts"
import "./theme/tokens.css"
import "./ui/ui.css"
import "./ui/list.css"
import "./ui/operator.css"

const client = makeQueryClient(() => void router.invalidate())
const router = makeRouter(client)

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      cssVariablesResolver={resolver}
      colorSchemeManager={colorSchemes}
      defaultColorScheme="auto"
    >
      <QueryClientProvider client={client}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
)
