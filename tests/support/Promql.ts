/**
 * Holds queries of Prometheus against the series of real scrapes: each selector must find one, by its name and each label, and each
 * label that a query names or that is shown of its result must be there. It reads them by Prometheus' own grammar.
 */
import type { SyntaxNode } from "@lezer/common"
import { parser } from "@prometheus-io/lezer-promql"

/** A series of a scrape. */
export interface Series {
  readonly name: string
  /** What it is a part of: counter, gauge or histogram. */
  readonly type: string
  readonly labels: Readonly<Record<string, string>>
}

/** The bound of a bucket as Prometheus 3 stores it. */
const boundOf = (label: string, value: string) => label === "le" && /^\d+$/.test(value) ? `${value}.0` : value

/** The series of a scrape in the text format, with the labels that Prometheus adds. */
export const seriesOf = (text: string, added: Readonly<Record<string, string>>): ReadonlyArray<Series> => {
  const types = new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name!, type!] as const))
  return [...text.matchAll(/^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+$/gm)].map(([, name, inside = ""]) => ({
    name: name!,
    type: types.get(name!) ?? types.get(name!.replace(/_(bucket|sum|count)$/, "")) ?? "untyped",
    labels: {
      ...Object.fromEntries(
        [...inside.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label, value]) => [label!, boundOf(label!, value!)]),
      ),
      ...added,
    },
  }))
}

/** What is wrong with a query, and the labels that its result may have; undefined for a number. */
export interface Judgement {
  readonly faults: ReadonlyArray<string>
  readonly labels: ReadonlySet<string> | undefined
}

type Labels = Judgement["labels"]

const children = (node: SyntaxNode): ReadonlyArray<SyntaxNode> => {
  const all: Array<SyntaxNode> = []
  for (let child = node.firstChild; child !== null; child = child.nextSibling) all.push(child)
  return all
}

const union = (some: ReadonlyArray<Labels>): Labels => {
  const vectors = some.filter((labels) => labels !== undefined)
  return vectors.length === 0 ? undefined : new Set(vectors.flatMap((labels) => [...labels]))
}

const matches = (op: string, value: string, actual: string): boolean => {
  const isIn = op.endsWith("~") ? new RegExp(`^(?:${value})$`).test(actual) : actual === value
  return op.startsWith("!") ? !isIn : isIn
}

/** One query against the series. */
class Query {
  readonly faults: Array<string> = []
  readonly text: string
  readonly series: ReadonlyArray<Series>

  constructor(text: string, series: ReadonlyArray<Series>) {
    this.text = text
    this.series = series
  }

  textOf(node: SyntaxNode): string {
    return this.text.slice(node.from, node.to)
  }

  fault(node: SyntaxNode, why: string): void {
    this.faults.push(`${this.textOf(node)}: ${why}`)
  }

  /** The labels that a clause lists. */
  listed(node: SyntaxNode): ReadonlyArray<string> {
    const list = node.getChild("GroupingLabels")
    return list === null ? [] : list.getChildren("LabelName").map((label) => this.textOf(label))
  }

  matchersOf(node: SyntaxNode) {
    return (node.getChild("LabelMatchers")?.getChildren("UnquotedLabelMatcher") ?? []).map((matcher) => ({
      label: this.textOf(matcher.getChild("LabelName")!),
      op: this.textOf(matcher.getChild("MatchOp")!),
      value: JSON.parse(this.textOf(matcher.getChild("StringLiteral")!)) as string,
    }))
  }

  found(node: SyntaxNode): ReadonlyArray<Series> {
    const name = this.textOf(node.getChild("Identifier")!)
    return this.series.filter((one) =>
      one.name === name &&
      this.matchersOf(node).every(({ label, op, value }) => matches(op, value, one.labels[label] ?? ""))
    )
  }

  selector(node: SyntaxNode): Labels {
    const name = this.textOf(node.getChild("Identifier")!)
    const named = this.series.filter((one) => one.name === name)
    if (named.length === 0) this.fault(node, "no such metric")
    for (const { label } of this.matchersOf(node)) {
      if (named.length > 0 && !named.some(({ labels }) => label in labels)) this.fault(node, `has no label ${label}`)
    }
    const found = this.found(node)
    if (named.length > 0 && found.length === 0) this.fault(node, "finds no series")
    return new Set(found.flatMap(({ labels }) => Object.keys(labels)))
  }

  aggregate(node: SyntaxNode): Labels {
    const inner = union(this.inside(node.getChild("FunctionCallBody")!)) ?? new Set()
    const modifier = node.getChild("AggregateModifier")
    const listed = modifier === null ? [] : this.listed(modifier)
    for (const label of listed) if (!inner.has(label)) this.fault(node, `there is no label ${label} in it`)
    const op = node.getChild("AggregateOp")!.firstChild!.name
    if (["Topk", "Bottomk", "LimitK", "LimitRatio"].includes(op)) return inner
    return modifier?.getChild("Without")
      ? new Set([...inner].filter((label) => !listed.includes(label)))
      : new Set(listed)
  }

  /** Of what types the series are that a function counts over a time. */
  typesIn(node: SyntaxNode): ReadonlyArray<string> {
    const selector = node.getChild("FunctionCallBody")!.getChild("MatrixSelector")?.getChild("VectorSelector")
    return selector ? this.found(selector).map(({ type }) => type) : []
  }

  call(node: SyntaxNode): Labels {
    const name = node.getChild("FunctionIdentifier")!.firstChild!.name
    const inner = union(this.inside(node.getChild("FunctionCallBody")!))
    if (name === "Absent") {
      const selector = node.getChild("FunctionCallBody")!.getChild("VectorSelector")
      return new Set(selector ? this.matchersOf(selector).filter(({ op }) => op === "=").map(({ label }) => label) : [])
    }
    if (["Rate", "Increase", "Irate"].includes(name) && this.typesIn(node).includes("gauge")) {
      this.fault(node, "a gauge falls for other reasons than a restart")
    }
    if (name === "HistogramQuantile") {
      if (!inner?.has("le")) this.fault(node, "there is no label le in it")
      return new Set([...inner ?? []].filter((label) => label !== "le"))
    }
    return name === "Scalar" || name === "Time" ? undefined : inner
  }

  binary(node: SyntaxNode): Labels {
    const [left, right] = this.inside(node)
    if (left === undefined || right === undefined) return left ?? right
    if (node.getChild("Or")) return union([left, right])
    const matching = node.getChild("MatchingModifierClause")
    const on = matching?.getChild("On") ? this.listed(matching) : undefined
    for (const label of on ?? []) {
      if (!left.has(label) || !right.has(label)) this.fault(node, `a side has no label ${label}`)
    }
    const isSame = left.size === right.size && [...left].every((label) => right.has(label))
    if (matching === null && !isSame) this.fault(node, `the sides have other labels: ${[...left]} and ${[...right]}`)
    if (node.getChild("And") || node.getChild("Unless") || on === undefined) return left
    return new Set(on)
  }

  /** The labels of each expression directly inside. */
  inside(node: SyntaxNode): ReadonlyArray<Labels> {
    return children(node).filter(({ type }) => type.is("Expr")).map((child) => this.visit(child))
  }

  visit(node: SyntaxNode): Labels {
    switch (node.name) {
      case "VectorSelector":
        return this.selector(node)
      case "AggregateExpr":
        return this.aggregate(node)
      case "FunctionCall":
        return this.call(node)
      case "BinaryExpr":
        return this.binary(node)
      default:
        return union(this.inside(node))
    }
  }

  judge(): Judgement {
    const tree = parser.parse(this.text)
    tree.iterate({
      enter: ({ from, type }) => void (type.isError && this.faults.push(`can't be read at: ${this.text.slice(from)}`)),
    })
    if (this.faults.length > 0) return { faults: this.faults, labels: undefined }
    const labels = union(this.inside(tree.topNode))
    return { faults: this.faults, labels }
  }
}

/** Judges a query by the series that there are. */
export const judge = (query: string, series: ReadonlyArray<Series>): Judgement => new Query(query, series).judge()

/** The names of metrics in a query, each with where it stands. */
export const namesIn = (query: string): ReadonlyArray<{ readonly from: number; readonly to: number }> => {
  const names: Array<{ readonly from: number; readonly to: number }> = []
  parser.parse(query).iterate({
    enter: ({ node }) => {
      const name = node.name === "VectorSelector" ? node.getChild("Identifier") : null
      if (name !== null) names.push({ from: name.from, to: name.to })
    },
  })
  return names
}
