/** The filters of the inbox and its order, each in the URL. */
import { useQuery } from "@tanstack/react-query"
import { getRouteApi, useNavigate } from "@tanstack/react-router"
import { lazy, type ReactNode, Suspense } from "react"
import { hiresQuery } from "../../api/Hires.ts"
import { hireName, titled } from "../../format/Words.ts"
import { useCustomer } from "../../shell/User.ts"
import { Filter } from "./Filter.tsx"
import styles from "./inbox.module.css"
import { ageNames, ages, type InboxSearch, isDecided, searchOf } from "./Search.ts"

const route = getRouteApi("/app/inbox")

const GoalFilter = lazy(() => import("./GoalFilter.tsx").then(({ GoalFilter }) => ({ default: GoalFilter })))

/** The filters. */
export const Filters = (): ReactNode => {
  const search: InboxSearch = route.useSearch()
  const navigate = useNavigate()
  const hires = useQuery(hiresQuery(useCustomer())).data ?? []
  const set = (change: Record<string, unknown>) =>
    void navigate({ to: "/inbox", search: searchOf({ ...search, ...change }) })
  const types = [...new Set(hires.map(({ agent_id }) => agent_id))]
  const waits = !isDecided(search.show ?? "waiting")
  return (
    <div className={styles.filters}>
      {types.length > 1 || search.type !== undefined
        ? (
          <Filter
            label="Type"
            any="All types"
            value={search.type}
            options={types.map((type) => [type, titled(type)])}
            set={(type) => set({ type })}
          />
        )
        : null}
      <Filter
        label="Agent"
        any="All agents"
        value={search.agent}
        options={hires.map((hire) => [hire.hired_instance_id, hireName(hire)])}
        set={(agent) => set({ agent, goal: undefined })}
      />
      {search.agent === undefined && search.goal === undefined ? null : (
        <Suspense fallback={null}>
          <GoalFilter agent={search.agent} value={search.goal} set={(goal) => set({ goal })} />
        </Suspense>
      )}
      <Filter
        label="Age"
        any="Any age"
        value={search.age}
        options={ageNames.map((age) => [age, ages[age].label])}
        set={(age) => set({ age })}
      />
      {waits
        ? (
          <Filter
            label="Order"
            any="Newest first"
            value={search.order}
            options={[["expiry", "By expiry"]]}
            set={(order) => set({ order })}
          />
        )
        : null}
      {waits && search.goal === undefined
        ? (
          <button
            type="button"
            className="filter"
            aria-pressed={search.flat !== true}
            onClick={() => set({ flat: search.flat === true ? undefined : true })}
          >
            By goal
          </button>
        )
        : null}
    </div>
  )
}
