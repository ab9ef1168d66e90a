/** observability/: each query of the dashboard and the alert rules finds what the services show, and each alert has its runbook. */
import { commands } from "@stint/cli/commands/All"
import { parse } from "@stint/cli/Command"
import { table } from "@stint/gateway/Upstreams/Table"
import { assert, beforeAll, describe, it } from "@effect/vitest"
import { Yaml } from "effect/encoding"
import { readdir, readFile } from "node:fs/promises"
import { derivedNames } from "../scripts/compose.ts"
import { judge, namesIn, type Series } from "./support/Promql.ts"
import { scrapeAll } from "./support/Scrapes.ts"

const root = new URL("../", import.meta.url)
const read = (path: string) => readFile(new URL(path, root), "utf8")

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}
const { groups } = Yaml.parse(await read("observability/alerts.yaml")) as {
  readonly groups: ReadonlyArray<{ readonly rules: ReadonlyArray<Rule> }>
}
const rules = groups.flatMap(({ rules }) => rules)
const { scrape_configs } = Yaml.parse(await read("observability/prometheus.yaml")) as {
  readonly scrape_configs: ReadonlyArray<{ readonly job_name: string }>
}
const jobs = scrape_configs.map(({ job_name }) => job_name)

interface Panel {
  readonly id: number
  readonly title: string
  readonly datasource?: { readonly type: string }
  readonly targets?: ReadonlyArray<{ readonly expr: string; readonly legendFormat: string }>
}
const dashboards = await Promise.all(
  (await readdir(new URL("observability/dashboards/", root))).map(async (name) =>
    JSON.parse(await read(`observability/dashboards/${name}`)) as { readonly panels: ReadonlyArray<Panel> }
  ),
)
const panels = dashboards.flatMap(({ panels }) => panels)

/** A query, and the labels that are shown of its result. */
interface Shown {
  readonly where: string
  readonly query: string
  readonly labels: ReadonlyArray<string>
}
const names = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, name]) => name!)
const shown: ReadonlyArray<Shown> = [
  ...rules.map(({ alert, annotations, expr }) => ({
    where: alert,
    query: expr,
    labels: names(Object.values(annotations).join(" "), /\$labels\.(\w+)/g),
  })),
  ...panels.filter(({ datasource }) => datasource?.type === "prometheus").flatMap(({ targets = [], title }) =>
    targets.map(({ expr, legendFormat }) => ({
      where: title,
      // what Grafana puts in its place
      query: expr.replaceAll("$__rate_interval", "5m"),
      labels: names(legendFormat, /\{\{(\w+)\}\}/g),
    }))
  ),
]

/** What Prometheus has of its own. */
const own: ReadonlyArray<Series> = [
  ...jobs.map((job) => ({ name: "up", type: "gauge", labels: { job, instance: "1" } })),
  ...rules.map(({ alert, labels }) => ({
    name: "ALERTS",
    type: "gauge",
    labels: { alertname: alert, alertstate: "firing", ...labels },
  })),
]

/** The runbooks' sections, by the anchor of their title. */
const sections = async () =>
  new Map(
    (await read("docs/runbooks.md")).split(/^### /m).slice(1).map((text) => [text.split("\n")[0]!, text] as const),
  )

/** The words of a shell's line, quoted ones whole. */
const wordsOf = (line: string) => [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare!)

describe("the queries", () => {
  let series: ReadonlyArray<Series>
  beforeAll(async () => void (series = [...await scrapeAll(), ...own]))

  it("find series that the services show, by their names and labels, and show labels that the results have", () => {
    assert.isAbove(shown.length, 60)
    for (const { labels, query, where } of shown) {
      const judged = judge(query, series)
      assert.deepStrictEqual(judged.faults, [], where)
      for (const label of labels) assert.include([...judged.labels ?? []], label, where)
    }
  })

  it("a name that no service shows is found, wherever it stands", () => {
    for (const { query, where } of shown) {
      const at = namesIn(query)
      assert.isNotEmpty(at, where)
      for (const { to } of at) {
        assert.isNotEmpty(judge(`${query.slice(0, to)}_x${query.slice(to)}`, series).faults, `${where}: ${query}`)
      }
    }
  })

  it.each([
    ['stint_scheduler_runs_total{outcome="dead"}', /finds no series/],
    ['stint_scheduler_runs_total{result!="dead"}', /has no label result/],
    ["sum by (queue) (stint_scheduler_runs_total)", /no label queue/],
    ["sum by (job) (max by (outcome) (stint_scheduler_runs_total))", /no label job/],
    ["rate(stint_scheduler_queue_due[5m])", /a gauge falls/],
    ["histogram_quantile(0.9, sum by (job) (rate(stint_http_request_duration_seconds_bucket[5m])))", /no label le/],
    ["stint_scheduler_runs_total / stint_scheduler_queue_due", /other labels/],
    ["sum by (job) (up) / on (outcome) stint_scheduler_runs_total", /a side has no label/],
    ["max(stint_scheduler_queue_due", /can't be read/],
  ])("%s is wrong", (query, why) => {
    assert.match(judge(query, series).faults.join("\n"), why)
  })

  it("the result of a query has the labels that Prometheus gives it", () => {
    const labelsOf = (query: string) => [...judge(query, series).labels ?? []].toSorted()
    assert.deepStrictEqual(labelsOf("max by (outcome) (stint_scheduler_runs_total) > 1"), ["outcome"])
    assert.deepStrictEqual(labelsOf('topk(3, stint_stalled) or absent(up{job="stint-hiring"})'), [
      "instance",
      "job",
      "what",
    ])
    assert.deepStrictEqual(labelsOf("stint_stalled unless on (job) up"), ["instance", "job", "what"])
    assert.deepStrictEqual(labelsOf("1 - max(stint_ready)"), [])
    assert.deepStrictEqual(
      labelsOf("histogram_quantile(0.9, rate(stint_scheduler_lateness_seconds_bucket[5m]))"),
      ["instance", "job"],
    )
  })
})

describe("the files", () => {
  it("Prometheus scrapes every process, and there is an alert for each that is down", () => {
    const wanted = derivedNames.map((name) => `stint-${name}`).toSorted()
    assert.deepStrictEqual(jobs.toSorted(), wanted)
    const down = rules.find(({ alert }) => alert === "StintServiceDown")!
    assert.deepStrictEqual(names(down.expr, /absent\(up\{job="([\w-]+)"\}\)/g).toSorted(), wanted)
  })

  it("panels have ids of their own", () => {
    for (const { panels } of dashboards) assert.strictEqual(new Set(panels.map(({ id }) => id)).size, panels.length)
  })

  it("each alert says how urgent it is, and leads to its runbook; each runbook is of an alert", async () => {
    const known = await sections()
    assert.deepStrictEqual([...known.keys()].toSorted(), rules.map(({ alert }) => alert).toSorted())
    for (const { alert, annotations, labels } of rules) {
      assert.include(["page", "ticket"], labels.severity, alert)
      assert.strictEqual(annotations.runbook_url, `docs/runbooks.md#${alert.toLowerCase()}`)
      assert.match(annotations.summary ?? "", /\w{3,}/, alert)
      for (const part of ["Look", "Do", "Over"]) assert.include(known.get(alert)!, `- **${part}**:`, alert)
    }
  })
})

describe("docs/runbooks.md", () => {
  const loaded = new Map<string, Awaited<ReturnType<typeof commands[string]["load"]>>>()
  beforeAll(async () => {
    for (const [name, { load }] of Object.entries(commands)) loaded.set(name, await load())
  })

  it("names commands that there are, as the command line itself reads them", async () => {
    const text = await read("docs/runbooks.md")
    const blocks = [...text.matchAll(/```sh\n([^]*?)```/g)].flatMap(([, block]) => block!.split("\n"))
    // the formatter may break a piece of code
    const pieces = [...text.replaceAll(/```[^]*?```/g, "").matchAll(/`([^`]+)`/g)].map(([, code]) => code!)
    const lines = [...blocks, ...pieces.map((code) => code.replaceAll(/\s+/g, " "))]
      .flatMap((code) => [...code.matchAll(/npx stint ([^)]+)/g)].map(([, line]) => line!.trim()))
    assert.isAbove(lines.length, 40)
    for (const line of lines) {
      const [name, ...args] = wordsOf(line)
      const command = loaded.get(name!)
      if (command === undefined) assert.fail(line)
      assert.doesNotThrow(() => parse(command, args), line)
    }
  })

  it("names paths of the API that there are", async () => {
    const text = await read("docs/runbooks.md")
    const paths = [...text.matchAll(/\$FRONT(\/api\/v1\/[^\s"?`]+)/g)].map(([, path]) =>
      path!.replaceAll(/\$\w+/g, ":id")
    )
    assert.isNotEmpty(paths)
    for (const path of paths) assert.include(table.map((route) => route.path as string), path)
  })
})
