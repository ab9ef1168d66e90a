/** The import rules of this repository: which file may import what. A rule that is broken has a place and a sentence. */
import { readdir, readFile } from "node:fs/promises"
import { dirname, join, relative, sep } from "node:path"

/** An import that a rule forbids. */
export interface Violation {
  readonly file: string
  readonly line: number
  readonly rule: string
}

/** Where an import stands, and what it names: a path from the root for a relative one. */
interface Import {
  readonly file: string
  readonly from: string
  readonly isRelative: boolean
}

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

const isSql = (from: string): boolean => /^(effect\/sql|@effect\/sql-pg)(\/|$)/.test(from)

const isPlatform = (from: string): boolean => /^(node:|@effect\/platform)/.test(from)

/** Files that hold a service's SQL: a Repo, or what a Repo is made of. */
const isRepo = (file: string): boolean => /Repo/.test(file.slice(packageOf(file).length))

const isHttp = (file: string): boolean => /\/Http(\.ts$|\/)/.test(file)

/** Files that the runtime may be seen in. */
const hosts = /^(services\/[^/]+\/src\/main\.ts$|packages\/edge\/src\/Serve(\.ts$|\/)|apps\/cli\/)/

/** What of the domain has no business in it: who calls, how a failure looks, how a list or a body is written, what is kept how long. */
const neutral = new Set(
  ["Caller", "Canonical", "FieldIssues", "Problem", "Protocol", "Retention", "Tokens"].map((name) =>
    `@stint/domain/${name}`
  ),
)

const rules: ReadonlyArray<Rule> = [
  {
    says: "domain imports effect alone (and canonicalize)",
    broken: ({ file, from, isRelative }) =>
      isSource(file, "packages/domain") && !isRelative && (!isEffect(from) || isSql(from)) && from !== "canonicalize",
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
    says: "Http touches no SQL and no Repo: it calls the service",
    broken: ({ file, from }) => isHttp(file) && (isSql(from) || /Repo/.test(from)),
  },
  {
    says: "only a Repo, the Pg layer and the migrator import SQL",
    broken: ({ file, from }) =>
      isSql(from) && /^(packages|services)\/[^/]+\/src\//.test(file) && !isRepo(file) &&
      !/^packages\/edge\/src\/(Pg|Migrator)(\.ts$|\/)/.test(file),
  },
  {
    says: "only main.ts, Serve and the command line know the platform",
    broken: ({ file, from }) =>
      isPlatform(from) && /^(packages|services)\/[^/]+\/src\//.test(file) && !hosts.test(file),
  },
  {
    says: "a package is imported by its name, not by a path into it",
    broken: ({ file, from, isRelative }) =>
      isRelative && packageOf(file) !== packageOf(from) && /^(packages|services|apps)\//.test(from),
  },
  {
    says: "a relative import names the file, with its extension",
    broken: ({ from, isRelative }) => isRelative && !/\.(ts|js|json)$/.test(from),
  },
]

const statements = [
  /^[ \t]*(?:import|export)\b[^"'`;=]*?\bfrom\s*["']([^"']+)["']/gm,
  /^[ \t]*import\s*["']([^"']+)["']/gm,
  /\bimport\(\s*["']([^"']+)["']/g,
]

/** The platform's global, which needs no import. */
const platformGlobal = /^(?!\s*(?:\*|\/\/|\/\*)).*?\bDeno\./gm

const lineOf = (text: string, at: number): number => text.slice(0, at).split("\n").length

/** What a file's text breaks; `file` is its path from the root, with slashes. */
export const violationsIn = (file: string, text: string): ReadonlyArray<Violation> => {
  const found = statements.flatMap((statement) =>
    [...text.matchAll(statement)].flatMap((match) => {
      const name = match[1]!
      const isRelative = name.startsWith(".")
      const from = isRelative ? join(dirname(file), name).replaceAll(sep, "/") : name
      const line = lineOf(text, match.index + match[0].length)
      return rules.filter((rule) => rule.broken({ file, from, isRelative }))
        .map((rule) => ({ file, line, rule: `${rule.says} (${name})` }))
    })
  )
  const bound = /^(packages|services)\/[^/]+\/src\//.test(file) && !hosts.test(file)
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

/** What all files of the repository break. */
export const violations = async (root: string): Promise<ReadonlyArray<Violation>> => {
  const all: Array<Violation> = []
  for (const folder of ["packages", "services", "apps", "tests", "bench", "scripts"]) {
    const names = await readdir(join(root, folder), { recursive: true }).catch(() => [])
    for (const name of names.filter((name) => /\.tsx?$/.test(name) && !name.includes("node_modules"))) {
      const path = join(root, folder, name)
      all.push(...violationsIn(relative(root, path).replaceAll(sep, "/"), await readFile(path, "utf8")))
    }
  }
  return all
}
