/** The import rules of this repository: which file may import what. Where files lie is for `layout.ts`. */
import { type Import, importsOf, lineOf, type Source, type Violation } from "./sources.ts"

interface Rule {
  readonly says: string
  readonly broken: (it: Import) => boolean
}

const isSource = (file: string, folder: string): boolean => file.startsWith(`${folder}/src/`)

/** `packages/edge`, `services/hiring`, `apps/cli`: the first two parts; `tests` and `scripts` are one each. */
const packageOf = (path: string): string => /^(?:packages|services|apps)\/[^/]+/.exec(path)?.[0] ?? path.split("/")[0]!

const serviceOf = (path: string): string | undefined =>
  /^(?:services\/|@stint\/)(catalog|hiring|deliverables|scheduler)\b/.exec(path)?.[1]

const isEffect = (from: string): boolean => /^effect(\/|$)/.test(from)

/** Whether an import is of SQL. */
export const isSql = (from: string): boolean => /^(effect\/sql|@effect\/sql-pg)(\/|$)/.test(from)

const isPlatform = (from: string): boolean => /^(node:|@effect\/platform)/.test(from)

/** Files that may use the runtime (Deno, Node). */
const hosts = /^((?:services\/[^/]+|apps\/gateway)\/src\/main\.ts$|packages\/edge\/src\/Serve(\.ts$|\/)|apps\/cli\/)/

/** Files that run on any runtime but for the hosts. */
const isBound = /^(?:(?:packages|services)\/[^/]+|apps\/gateway)\/src\//

/** The modules of the domain that decide nothing of the business: action lines, authentication, bounds, problems, bodies, lists, retention. */
const neutral = new Set(
  [
    "ActionLine",
    "Bounds",
    "Caller",
    "Canonical",
    "FieldIssues",
    "HostList",
    "Instants",
    "JsonPath",
    "Problem",
    "Protocol",
    "Retention",
    "Tokens",
  ].map((
    name,
  ) => `@stint/domain/${name}`),
)

const rules: ReadonlyArray<Rule> = [
  {
    says: "domain imports effect alone (and canonicalize)",
    broken: ({ file, from, relative }) =>
      isSource(file, "packages/domain") && !relative && (!isEffect(from) || isSql(from)) && from !== "canonicalize",
  },
  {
    says: "edge imports no service and no business noun",
    broken: ({ file, from }) =>
      isSource(file, "packages/edge") && from.startsWith("@stint/") && !neutral.has(from) &&
      !from.startsWith("@stint/edge/"),
  },
  {
    says: "a service imports no other service, and no app",
    broken: ({ file, from }) => {
      const own = serviceOf(file)
      const other = serviceOf(from)
      if (own === undefined) return false
      return (other !== undefined && other !== own) ||
        (isSource(file, `services/${own}`) && /^(@stint\/cli|apps)\b/.test(from))
    },
  },
  {
    says: "the gateway imports domain and edge: no service, no other app, no SQL",
    broken: ({ file, from }) =>
      isSource(file, "apps/gateway") &&
      (isSql(from) ||
        (/^(@stint|services|apps)\//.test(from) && !/^(@stint\/(domain|edge|gateway)|apps\/gateway)\//.test(from))),
  },
  {
    says: "only main.ts, Serve and the command line know the platform",
    broken: ({ file, from }) => isPlatform(from) && isBound.test(file) && !hosts.test(file),
  },
  {
    says: "a package is imported by its name, not by a path into it",
    broken: ({ file, from, relative }) =>
      relative && packageOf(file) !== packageOf(from) && /^(packages|services|apps)\//.test(from),
  },
  {
    says: "a relative import names the file, with its extension",
    broken: ({ from, relative }) => relative && !/\.(tsx?|js|json|css)$/.test(from),
  },
  {
    says: "the console imports domain alone of ours",
    broken: ({ file, from }) =>
      isSource(file, "apps/console") && from.startsWith("@stint/") && !from.startsWith("@stint/domain/"),
  },
]

/** The platform's global, which needs no import. */
const platformGlobal = /^(?!\s*(?:\*|\/\/|\/\*)).*?\bDeno\./gm

/** The import rules that a file breaks. */
export const importViolations = (source: Source): ReadonlyArray<Violation> => {
  const { file, text } = source
  const found = importsOf(source).flatMap((it) =>
    rules.filter((rule) => rule.broken(it)).map(({ says }) => ({
      file,
      line: it.line,
      rule: `${says} (${it.name})`,
    }))
  )
  const bound = isBound.test(file) && !hosts.test(file)
  const globals = bound ? [...text.matchAll(platformGlobal)] : []
  return [
    ...found,
    ...globals.map((match) => ({
      file,
      line: lineOf(text, match.index + match[0].length),
      rule: "only main.ts, Serve and the command line know the platform (Deno)",
    })),
  ]
}
