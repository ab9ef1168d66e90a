/** What a claimed making is made from, and by which maker. */
import { type AgentTypeDefinition, findTemplate } from "@stint/domain/Definition"
import { makerFault } from "@stint/domain/Definition/Faults"
import { slowMakerOf, type SlowTemplateMaker } from "@stint/domain/Definition/Maker"
import { DateTime, Effect } from "effect"
import { DraftImpossible } from "@stint/domain/deliverables/Drafts"
import { MakerMisconfigured } from "../Makers/Errors.ts"
import type { MakerInput } from "../Makers/Maker.ts"
import type { ChangesAsked, MakingInput } from "../Makers/SlowMaker.ts"
import { MakingsRepo } from "./Repo.ts"
import { type Content, payloadsOf } from "./Repo/Changes.ts"
import type { ClaimedMaking } from "./Row.ts"

/** The input of a slow maker, and the maker; without one a builtin makes it, which only changes are made by here. */
export type Prepared =
  | { readonly input: MakingInput; readonly spec: SlowTemplateMaker }
  | { readonly input: MakerInput; readonly spec: undefined }

/** What a person asked to change; none of a run's draft. Fails where the deliverable was deleted since. */
const changesOf = Effect.fnUntraced(function* ({ base_revision, changes, deliverable_id }: ClaimedMaking) {
  if (deliverable_id === null || changes === null) return undefined
  const contents: ReadonlyArray<Content> = yield* (yield* MakingsRepo).contents(deliverable_id)
  const current = contents[0]
  if (current === undefined || current.revision !== base_revision) {
    return yield* new DraftImpossible({ detail: `${deliverable_id} is not revised any more` })
  }
  const asked: ChangesAsked = { deliverable_id, notes: changes, ...current }
  return { asked, before: payloadsOf(contents) }
})

/** What a making is made from. A planted definition, whose type allows builtins alone, is refused here. */
export const inputOf = Effect.fnUntraced(function* (row: ClaimedMaking, definition: AgentTypeDefinition) {
  const repo = yield* MakingsRepo
  const template = findTemplate(definition, row.goal_template_id)
  const spec = template && slowMakerOf(template)
  const changes = yield* changesOf(row)
  if (template === undefined || (spec === undefined && changes === undefined)) {
    return yield* new MakerMisconfigured({ detail: `${row.goal_template_id} has no slow maker in this definition` })
  }
  const refused = makerFault(definition.enforcement_defaults, template)
  if (refused !== undefined) {
    return yield* new MakerMisconfigured({ detail: `The maker of ${row.goal_template_id} ${refused}` })
  }
  const { config, goal_settings, settings } = row.input
  const { agent_id, customer_id, goal_instance_id, goal_template_id, hired_instance_id, idempotency_key: key } = row
  const goal = { goal_instance_id, goal_template_id, settings: goal_settings }
  const slot = DateTime.toEpochMillis(row.scheduled_time)
  if (spec === undefined) {
    const { asked, before } = changes!
    const input: MakerInput = {
      definition,
      hire: { hired_instance_id, config },
      goal,
      slot,
      changes: { notes: asked.notes, revision: asked.revision + 1, before },
    }
    return { input, spec } satisfies Prepared
  }
  const decisions = yield* repo.decisions(goal_instance_id)
  const input: MakingInput = {
    key,
    customer_id,
    agent_id,
    definition,
    template,
    hire: { hired_instance_id, config, settings },
    goal,
    slot,
    decisions: decisions.map(({ decided_at, ...past }) => ({
      ...past,
      decided_at: DateTime.toEpochMillis(decided_at),
    })),
    changes: changes?.asked,
  }
  return { input, spec } satisfies Prepared
})
