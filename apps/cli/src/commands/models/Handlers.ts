import { DeliverablesApi } from "@stint/domain/deliverables/Api"
import type { MakerPlace, ModelCheck } from "@stint/domain/deliverables/Makings"
import { EXIT } from "../../Remote/Failed.ts"
import type { Handlers } from "../../Remote/Command.ts"
import { at } from "../../Remote/Lists.ts"
import { type Answer, type Session, whole } from "../../Remote/Session.ts"
import { type Column, table } from "../../Show/Table.ts"

/** Where makers are called, as far as `wanted` says. */
export const placesOf = async (
  session: Session,
  wanted: (place: MakerPlace) => boolean,
): Promise<Answer<{ readonly items: ReadonlyArray<MakerPlace> }>> => {
  const { body, etag, value } = await session.ask(
    DeliverablesApi,
    "deliverables",
    ({ makings }) => makings.places({ ...whole }),
  )
  const items = value.items.filter(wanted)
  const kept = new Set(items.map(({ place }) => place))
  const raw = (body as { readonly items: ReadonlyArray<{ readonly place: string }> }).items
  return { value: { items }, body: { items: raw.filter(({ place }) => kept.has(place)) }, etag }
}

/** How a place stands, in columns. */
export const standing: ReadonlyArray<Column<MakerPlace>> = [
  { head: "state", of: ({ away_since }) => away_since === null ? "there" : "away" },
  { head: "making", of: ({ limit, making }) => `${making}/${limit}`, isRight: true },
  { head: "waiting", of: ({ waiting }) => waiting, isRight: true },
  { head: "away since", of: ({ away_since }) => at(away_since) },
  { head: "tried again", of: ({ retry_at }) => at(retry_at) },
  { head: "last error", of: ({ last_error }) => last_error, least: 12 },
]

const isModel = ({ place }: MakerPlace) => place.startsWith("model:")

/** Asks one model. */
const checkOne = (session: Session, alias: string): Promise<Answer<ModelCheck>> =>
  session.ask(
    DeliverablesApi,
    "deliverables",
    ({ makings }) => makings.checkModel({ params: { alias }, payload: {}, ...whole }),
    // as long as the service waits for it
    30_000,
  )

/** What `stint models` does. */
export const handlers: Handlers = {
  list: async (session) =>
    session.show(await placesOf(session, isModel), ({ value: { items } }) => {
      table(session.io, [
        { head: "model", of: ({ model, place }) => model?.alias ?? place.slice("model:".length) },
        { head: "behind it", of: ({ model }) => model === undefined ? "not configured" : model.model, least: 10 },
        { head: "provider", of: ({ model }) => model?.provider ?? null },
        ...standing,
      ], items)
      if (items.length === 0) session.io.err("None: STINT_MODELS names no model.")
    }),
  check: async (session) => {
    const [alias] = session.operands
    const aliases = alias === undefined
      ? (await placesOf(session, isModel)).value.items.flatMap(({ model }) => model?.alias ?? [])
      : [alias]
    const answers: Array<Answer<ModelCheck>> = []
    for (const one of aliases) answers.push(await checkOne(session, one))
    const all = { items: answers.map(({ value }) => value) }
    session.show({ value: all, body: { items: answers.map(({ body }) => body) }, etag: undefined }, () => {
      table(session.io, [
        { head: "model", of: ({ alias }) => alias },
        { head: "outcome", of: ({ outcome }) => outcome },
        { head: "seconds", of: ({ seconds }) => seconds?.toFixed(1) ?? null, isRight: true },
        { head: "tokens", of: ({ tokens_in: given = 0, tokens_out: out = 0 }) => given + out, isRight: true },
        { head: "error", of: ({ error }) => error ?? null, least: 12 },
      ], all.items)
      if (all.items.length === 0) session.io.err("None: STINT_MODELS names no model.")
    })
    return all.items.every(({ outcome }) => outcome === "answered") ? 0 : EXIT.failed
  },
}
