/**
 * The layout rules of this repository: where SQL lies, that features import each other in no circle, and how long and how
 * named files are. A feature of a package is `src/X.ts` with `src/X/`.
 */
import { isSql } from "./imports.ts"
import { type Import, importsOf, type Source, type Violation } from "./sources.ts"

const isCode = /^(?:(?:packages|services)\/[^/]+|apps\/gateway)\/src\//

/** Where SQL may be imported: the repo of a feature, and in edge the Postgres client and the migrator. */
const sqlPlaces = [
  /^services\/[^/]+\/src\/[^/]+\/Repo(\.ts|\/[^/]+\.ts)$/,
  /^packages\/edge\/src\/[^/]+\/Repo\.ts$/,
  /^packages\/edge\/src\/(Pg|Migrator)(\.ts|\/.+)$/,
]

/** A file of a repo, imported by path or by its package's name. */
const isRepo = (from: string): boolean => /\/Repo(\.ts$|\/|$)/.test(from)

const isHttp = (file: string): boolean => /\/Http(\.ts$|\/)/.test(file)

const places: ReadonlyArray<{ readonly says: string; readonly broken: (it: Import) => boolean }> = [
  {
    says: "SQL is imported by X/Repo.ts or X/Repo/*.ts alone; in edge also by Pg and the migrator",
    broken: ({ file, from }) => isSql(from) && isCode.test(file) && !sqlPlaces.some((place) => place.test(file)),
  },
  {
    says: "Http imports no SQL and no Repo: it calls the service",
    broken: ({ file, from }) => isHttp(file) && (isSql(from) || isRepo(from)),
  },
  {
    says: "Http is imported by App alone",
    broken: ({ file, from }) => isCode.test(from) && isHttp(from) && isCode.test(file) && !/\/App\.ts$/.test(file),
  },
]

/** Files that put the features of a package together: they belong to none. */
const assembly = new Set(["App", "main", "handler"])

/**
 * The package and the feature of a file of a package's source; undefined for any other file. Http files belong to no
 * feature: a group of endpoints may call several features, and App alone imports it, so it closes no circle.
 */
const featureOf = (file: string): { readonly of: string; readonly feature: string } | undefined => {
  const found = /^((?:packages|services|apps)\/[^/]+)\/src\/([^/.]+)/.exec(file)
  return found === null || assembly.has(found[2]!) || isHttp(file) ? undefined : { of: found[1]!, feature: found[2]! }
}

type Graph = ReadonlyMap<string, ReadonlyMap<string, Import>>

/** The imports between the features of each package, one import for each pair. */
const graphsOf = (sources: ReadonlyArray<Source>): ReadonlyMap<string, Graph> => {
  const graphs = new Map<string, Map<string, Map<string, Import>>>()
  for (const it of sources.flatMap(importsOf)) {
    const from = featureOf(it.file)
    // a package that imports itself by its own name
    const to = featureOf(it.relative ? it.from : it.from.replace(/^@stint\/([^/]+)\//, `${from?.of}/src/`))
    if (from === undefined || to === undefined || from.of !== to.of || from.feature === to.feature) continue
    if (!it.relative && !it.from.startsWith(`@stint/${from.of.split("/")[1]}/`)) continue
    const graph = graphs.get(from.of) ?? new Map<string, Map<string, Import>>()
    const edges = graph.get(from.feature) ?? new Map<string, Import>()
    if (!edges.has(to.feature)) edges.set(to.feature, it)
    graphs.set(from.of, graph.set(from.feature, edges))
  }
  return graphs
}

/** The shortest way from a feature back to itself. */
const cycleThrough = (graph: Graph, start: string): ReadonlyArray<Import> | undefined => {
  const ways = new Map<string, ReadonlyArray<Import>>([[start, []]])
  for (const [at, way] of ways) {
    for (const [next, it] of graph.get(at) ?? []) {
      if (next === start) return [...way, it]
      if (!ways.has(next)) ways.set(next, [...way, it])
    }
  }
  return undefined
}

/** The cycles between the features of each package: for each feature in one, the shortest, and each cycle once. */
const cyclesIn = (sources: ReadonlyArray<Source>): ReadonlyArray<Violation> =>
  [...graphsOf(sources)].flatMap(([folder, graph]) => {
    const seen = new Set<string>()
    return [...graph.keys()].toSorted().flatMap((start) => {
      const cycle = cycleThrough(graph, start)
      if (cycle === undefined) return []
      const features = cycle.map(({ file }) => featureOf(file)!.feature)
      const key = features.toSorted().join(" ")
      if (seen.has(key)) return []
      seen.add(key)
      const { file, line } = cycle[0]!
      const steps = cycle.map((it) => `  ${it.file}:${it.line} imports ${it.name}`)
      return [{
        file,
        line,
        rule: `features of ${folder} import each other in a circle: ${[...features, features[0]].join(" -> ")}\n${
          steps.join("\n")
        }`,
      }]
    })
  })

/** The most lines of a file. */
const LINES = 300

const mayBeLong = (file: string): boolean =>
  !/^(?:(?:packages|services|apps)\/[^/]+\/(?:src|test)|tests|scripts)\//.test(file)

const shapes = ({ file, text }: Source): ReadonlyArray<Violation> => {
  const lines = text.split("\n").length - (text.endsWith("\n") ? 1 : 0)
  return [
    ...(!mayBeLong(file) && lines > LINES
      ? [{ file, line: LINES + 1, rule: `a file has at most ${LINES} lines, this one has ${lines}` }]
      : []),
    ...(/^services\/[^/]+\/src\/.*memory/i.test(file)
      ? [{ file, line: 1, rule: "no file of a service is named after memory: SQL is the only storage" }]
      : []),
  ]
}

/** The layout rules that the files break. */
export const layoutViolations = (sources: ReadonlyArray<Source>): ReadonlyArray<Violation> => [
  ...sources.flatMap((source) => [
    ...importsOf(source).flatMap((it) =>
      places.filter(({ broken }) => broken(it))
        .map(({ says }) => ({ file: it.file, line: it.line, rule: `${says} (${it.name})` }))
    ),
    ...shapes(source),
  ]),
  ...cyclesIn(sources),
]
