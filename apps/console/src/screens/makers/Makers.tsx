/** Models and hosts that make drafts: what each makes now, what waits for it, and since when it is away. */
import { Button } from "@mantine/core"
import type { MakerPlace, ModelCheck } from "@stint/domain/deliverables/Makings"
import { useMutation, useQuery } from "@tanstack/react-query"
import type { ReactNode } from "react"
import { checkModel, placesQuery } from "../../api/Makers.ts"
import { failureOf } from "../../api/Client.ts"
import { span } from "../../format/Length.ts"
import { ownZone } from "../../format/Time.ts"
import { count, counted } from "../../format/Words.ts"
import { useIsOperator } from "../../shell/Role.ts"
import { Ago } from "../../ui/Instant.tsx"
import { Page } from "../../ui/Page.tsx"
import { Bone, Empty, Loaded } from "../../ui/States.tsx"
import { Table } from "../../ui/Table.tsx"
import { Tag } from "../../ui/Tag.tsx"
import { toast } from "../../ui/Toasts.tsx"

const saidOf = ({ alias, error, outcome, seconds = 0, tokens_in = 0, tokens_out = 0 }: ModelCheck): string =>
  outcome === "answered"
    ? `${alias} answers: ${span(seconds * 1_000)}, ${counted(tokens_in + tokens_out, "token")}.`
    : `${alias} does not answer: ${error ?? outcome}.`

const Check = ({ alias }: { readonly alias: string }): ReactNode => {
  const asked = useMutation({
    mutationFn: () => checkModel(alias),
    onSuccess: (found) => toast(found.outcome === "answered" ? "ok" : "bad", saidOf(found)),
    onError: (error) => toast("bad", failureOf(error).message),
  })
  return (
    <Button
      size="compact-xs"
      variant="default"
      loading={asked.isPending}
      aria-label={`Check ${alias}`}
      onClick={() => asked.mutate()}
    >
      Check
    </Button>
  )
}

const State = ({ place: { away_since, retry_at } }: { readonly place: MakerPlace }): ReactNode =>
  away_since === null ? <Tag kind="ok">there</Tag> : (
    <>
      <Tag kind="bad">away</Tag>
      <span className="dim">
        {" since "}
        <Ago at={away_since} zone={ownZone} />
        {retry_at === null ? null : (
          <>
            , tried again <Ago at={retry_at} zone={ownZone} />
          </>
        )}
      </span>
    </>
  )

const Places = ({ operator, places }: {
  readonly operator: boolean
  readonly places: ReadonlyArray<MakerPlace>
}): ReactNode => (
  <Table
    label="Models and hosts"
    columns={[
      { label: "Model or host" },
      { label: "Behind it", wide: true },
      { label: "State" },
      { label: "Making", number: true },
      { label: "Waiting", number: true, wide: true },
      { label: "Away last because", wide: true },
      ...(operator ? [{ label: "Actions", silent: true }] : []),
    ]}
    rows={places.map((one) => ({
      key: one.place,
      cells: [
        <span key="place" className="mono">{one.model?.alias ?? one.place.replace(/^(?:host|model):/, "")}</span>,
        one.model === undefined
          ? one.place.startsWith("model:") ? "no model of STINT_MODELS any more" : "a program, over HTTP"
          : `${one.model.model}, ${one.model.provider}`,
        <State key="state" place={one} />,
        `${count(one.making)} of ${count(one.limit)}`,
        count(one.waiting),
        one.last_error ?? "–",
        one.model === undefined ? null : <Check key="check" alias={one.model.alias} />,
      ],
    }))}
  />
)

/** The screen. */
export const Makers = (): ReactNode => {
  const operator = useIsOperator()
  return (
    <Page title="Makers">
      <div className="wide-column">
        <Loaded of={useQuery(placesQuery)} skeleton={<Bone height={160} />}>
          {({ items }) =>
            items.length === 0
              ? (
                <Empty title="No model and no host was called yet">
                  <p>A model of STINT_MODELS stands here, and a host of STINT_MAKER_HOSTS once it was called.</p>
                  <p>Runs whose maker could not be called are under Dead letters.</p>
                </Empty>
              )
              : (
                <section>
                  <p className="dim section-note">
                    While one is away its runs wait, uncharged, for at most six hours; others don't notice.
                    {operator
                      ? " A check asks a model a question of a few tokens, which its provider may charge for."
                      : null}
                  </p>
                  <Places places={items} operator={operator} />
                </section>
              )}
        </Loaded>
      </div>
    </Page>
  )
}
