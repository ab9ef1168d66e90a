// Bundles the programs of the stack. Loaded only when there is no bundle of the files that are here now.
import * as fs from "node:fs"
import { join, relative } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { build, stop } from "esbuild"

const root = fileURLToPath(new URL("../../../", import.meta.url))

const entries = [
  "apps/cli/src/main.ts",
  "apps/gateway/src/main.ts",
  ...["catalog", "hiring", "deliverables", "scheduler"].map((name) => `services/${name}/src/main.ts`),
]

/** The packages whose index only gathers their modules (`export * as Effect from "./Effect.js"`). */
const gathering = [
  "effect",
  ...["crypto", "encoding", "http", "http-api", "observability", "persistence", "schema", "sql"].map((name) =>
    `effect/${name}`
  ),
  "@effect/sql-pg",
]

/** Which module of a gathering package has which name: `Effect` is `effect/Effect`. */
const modulesOf = (name) => {
  const [scope, second, ...rest] = name.split("/")
  const [home, path] = scope.startsWith("@") ? [`${scope}/${second}`, rest] : [scope, [second, ...rest]]
  const text = fs.readFileSync(join(root, "node_modules", home, "dist", ...path.filter(Boolean), "index.js"), "utf8")
  const found = text.matchAll(/^export \* as (\w+) from "\.\/([\w./-]+)\.js"/gm)
  return new Map([...found].map(([, as, file]) => [as, `${name}/${file}`]))
}

/**
 * Imports modules themselves where a source imports them through an index. esbuild keeps the whole of a module that it meets
 * as a member of another, and only what is used of one that is imported by its own name: that is a third of each program.
 */
const direct = (text, modules) =>
  text.replaceAll(/^import \{([^}]*)\} from "([^"]+)"/gm, (statement, names, from) => {
    const known = modules.get(from)
    if (known === undefined) return statement
    const [own, others] = [[], []]
    for (const name of names.split(",").map((name) => name.trim()).filter(Boolean)) {
      const [exported, local = exported] = name.split(/\s+as\s+/)
      if (known.has(exported)) own.push(`import * as ${local} from "${known.get(exported)}"`)
      else others.push(name)
    }
    if (others.length > 0) own.push(`import { ${others.join(", ")} } from "${from}"`)
    // On one line, and as many line breaks as before: stacks name lines
    return own.join("; ") + "\n".repeat(statement.split("\n").length - 1)
  })

const importDirectly = () => {
  const modules = new Map(gathering.map((name) => [name, modulesOf(name)]))
  return {
    name: "import directly",
    setup: ({ onLoad }) => {
      onLoad({ filter: /\.ts$|[\\/]@effect[\\/]sql-pg[\\/]dist[\\/].*\.js$/ }, async ({ path }) => ({
        contents: direct(await fs.promises.readFile(path, "utf8"), modules),
        loader: path.endsWith(".ts") ? "ts" : "js",
      }))
    },
  }
}

/**
 * Begins every file of a bundle. Whoever asks for a stack while modules are evaluated (effect does, to learn about the runtime)
 * makes Deno read a source map of some MB; so there are none until that is over. A file that is injected comes too late: it is
 * evaluated after the files that it does not concern.
 */
const bundleStart = "{const limit=Error.stackTraceLimit;" +
  "if(limit!==0){Error.stackTraceLimit=0;queueMicrotask(()=>Error.stackTraceLimit=limit)}}"

/** Each program by itself: a file that several share has what any of them uses, and none uses it all. */
const bundleOne = (entry, folder) =>
  build({
    absWorkingDir: root,
    entryPoints: [entry],
    plugins: [importDirectly()],
    bundle: true,
    banner: { js: bundleStart },
    splitting: true,
    format: "esm",
    platform: "node",
    tsconfigRaw: "{}",
    outbase: ".",
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    legalComments: "none",
    minifyWhitespace: true,
    // Stacks name the sources; their text stays where it is
    sourcemap: true,
    sourcesContent: false,
    // Code that asks where it stands has to get an answer: a file of apps/cli/src
    define: { "import.meta.url": JSON.stringify(pathToFileURL(join(root, entries[0])).href) },
    metafile: true,
    logLevel: "silent",
  })

/** Writes the bundled programs into the folder; the paths of what was read, from the root, and of what was written, in the folder. */
export const bundle = async (folder) => {
  const built = await Promise.all(entries.map((entry) => bundleOne(entry, folder))).finally(stop)
  const namesOf = (part) => [...new Set(built.flatMap(({ metafile }) => Object.keys(metafile[part])))]
  return {
    inputs: namesOf("inputs"),
    outputs: namesOf("outputs").map((path) => relative(folder, join(root, path))),
  }
}
