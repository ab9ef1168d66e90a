/** What a rule means, by the scheduler itself: in words, its next fires, and a month of them. */
import { useDebouncedValue } from "@mantine/hooks"
import type { Frequency, GoalTemplate } from "@stint/domain/Definition"
import { scheduleIssues } from "@stint/domain/Definition/Validate"
import type { FieldIssue } from "@stint/domain/Problem"
import type { Fire, RulePreview } from "@stint/domain/scheduler/Answers"
import { keepPreviousData, useQuery } from "@tanstack/react-query"
import { failureOf } from "../../api/Client.ts"
import { previewRule } from "../../api/Answers.ts"
import { textOf, type Values } from "../../form/Values.ts"
import { millisOf } from "../../format/Time.ts"

/** How long after the last key the scheduler is asked, in milliseconds. */
const PAUSE_MS = 200

/** How many fires an answer has at most (api.md), and how many answers a month may take. */
const PAGE = 100
const PAGES = 5

/** How long a simulated month is, in milliseconds. */
export const MONTH_MS = 30 * 86_400_000

/** A rule as its fires. */
export interface Rule {
  readonly words: string | undefined
  readonly zone: string
  /** The fires of the next 30 days, the earliest first. */
  readonly month: ReadonlyArray<Fire>
  /** Where the month was read to, when it has more fires than that. */
  readonly until: Fire | undefined
  /** The next five fires, also those beyond the month. */
  readonly next: ReadonlyArray<Fire>
  /** What is wrong with the rule, at the paths of a goal. */
  readonly faults: ReadonlyArray<FieldIssue>
  /** Why it could not be asked. */
  readonly failure: string | undefined
  readonly isPending: boolean
}

const readMonth = async (rule: object, signal: AbortSignal) => {
  const from = Date.now()
  const first = await previewRule({ ...rule, count: PAGE }, signal)
  const all = [...first.items]
  let page: RulePreview = first
  for (let pages = 1; pages < PAGES && page.items.length === PAGE; pages++) {
    const last = millisOf(page.items.at(-1)!.scheduled_time)
    if (last > from + MONTH_MS) break
    page = await previewRule({ ...rule, count: PAGE, from: new Date(last + 1).toISOString() }, signal)
    all.push(...page.items)
  }
  const month = all.filter(({ scheduled_time }) => millisOf(scheduled_time) <= from + MONTH_MS)
  const until = page.items.length === PAGE && month.length === all.length ? all.at(-1) : undefined
  return { words: first.rule_in_words, zone: first.timezone, next: all.slice(0, 5), month, until }
}

/** Whether the scheduler can answer for a rule, which lags behind what is typed. */
const isAskable = (rule: string): boolean => {
  const { frequency, schedule } = JSON.parse(rule) as { readonly frequency: Frequency; readonly schedule: Values }
  return frequency !== "on_demand" && scheduleIssues(frequency, schedule).length === 0
}

/** What a time of the template's own settings makes the default of `schedule.at`, as hiring has it. */
const defaultAt = (template: GoalTemplate | undefined, settings: Values): string | undefined => {
  const field = template?.settings_schema.fields.find(({ format }) => format === "local_time")
  const at = field === undefined ? "" : textOf(settings[field.key])
  return /^([01]\d|2[0-3]):[0-5]\d$/.test(at) ? at : undefined
}

/** Asks the scheduler what a rule means, as it is typed. */
export const useRulePreview = (
  frequency: Frequency,
  schedule: Values,
  timezone: string,
  template: GoalTemplate | undefined,
  settings: Values,
): Rule => {
  const default_at = defaultAt(template, settings)
  // by the schemas of the service itself, before it is asked
  const own = scheduleIssues(frequency, schedule, "$.settings.schedule")
  const [rule] = useDebouncedValue(
    JSON.stringify({ frequency, schedule, timezone, ...(default_at === undefined ? {} : { default_at }) }),
    PAUSE_MS,
  )
  const query = useQuery({
    queryKey: ["scheduler", "rule", rule],
    queryFn: ({ signal }) => readMonth(JSON.parse(rule) as object, signal),
    enabled: isAskable(rule) && own.length === 0,
    placeholderData: keepPreviousData,
    retry: (failures, error) => failures < 2 && failureOf(error).passing,
    staleTime: 60_000,
  })
  const failure = query.isError ? failureOf(query.error) : undefined
  const faults = own.length > 0 ? own : (failure?.faults ?? []).map(({ message, path }) => ({
    path: path.replace(/^\$\.schedule/, "$.settings.schedule"),
    message,
  }))
  const shown = failure === undefined && own.length === 0 && frequency !== "on_demand" ? query.data : undefined
  return {
    words: shown?.words,
    zone: shown?.zone ?? timezone,
    month: shown?.month ?? [],
    until: shown?.until,
    next: shown?.next ?? [],
    faults,
    failure: failure === undefined || faults.length > 0 ? undefined : failure.message,
    isPending: query.isPending && frequency !== "on_demand" && own.length === 0,
  }
}
