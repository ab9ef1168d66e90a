/** What the palette finds for operators and viewers: customers, agent types, causes of dead letters. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query"
import { useNavigate } from "@tanstack/react-router"
import { agentTypesQuery } from "../api/Catalog.ts"
import { customersQuery } from "../api/Customers.ts"
import { causesQuery } from "../api/DeadLetters.ts"
import { titled } from "../format/Words.ts"
import type { Found } from "./Finders.ts"
import { useUser } from "./User.ts"

/** The first page of customers, all agent types, the open causes; nothing for a customer. */
export const useOperatorsOwn = (): ReadonlyArray<Found> => {
  const enabled = useUser().role !== "customer"
  const navigate = useNavigate()
  const customers = useInfiniteQuery({ ...customersQuery(undefined), enabled })
  const types = useQuery({ ...agentTypesQuery, enabled })
  const causes = useQuery({ ...causesQuery("open"), enabled })
  if (!enabled) return []
  return [
    ...(customers.data?.pages.flatMap(({ items }) => items) ?? []).map(({ business_name, customer_id, full_name }) => ({
      kind: "customer",
      label: `${business_name} · ${full_name}`,
      id: customer_id,
      run: () => void navigate({ to: "/customers/$customer", params: { customer: customer_id } }),
    })),
    ...(types.data ?? []).map(({ agent_type_id }) => ({
      kind: "type",
      label: titled(agent_type_id),
      id: agent_type_id,
      run: () => void navigate({ to: "/types/$type", params: { type: agent_type_id } }),
    })),
    ...(causes.data?.items ?? []).map(({ error_message, fingerprint }) => ({
      kind: "cause",
      label: error_message ?? fingerprint,
      id: fingerprint,
      run: () => void navigate({ to: "/dead-letters/$cause", params: { cause: fingerprint } }),
    })),
  ]
}
