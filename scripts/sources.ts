/** The TypeScript files of this repository, and what each of them imports. */
import { readdir, readFile } from "node:fs/promises"
import { dirname, join, relative, sep } from "node:path"

/** A file, by its path from the root (with slashes). */
export interface Source {
  readonly file: string
  readonly text: string
}

/** One import, type-only ones and re-exports included. `from` is a path from the root where it is `relative`. */
export interface Import {
  readonly file: string
  readonly line: number
  /** As it is written. */
  readonly name: string
  readonly from: string
  readonly relative: boolean
}

/** A rule that a file breaks. */
export interface Violation {
  readonly file: string
  readonly line: number
  readonly rule: string
}

const statements = [
  /^[ \t]*(?:import|export)\b[^"'`;=]*?\bfrom\s*["']([^"']+)["']/gm,
  /^[ \t]*import\s*["']([^"']+)["']/gm,
  /\bimport\(\s*["']([^"']+)["']/g,
]

/** The number of the line that holds a position of a text, from 1. */
export const lineOf = (text: string, at: number): number => text.slice(0, at).split("\n").length

/** The imports of a file. */
export const importsOf = ({ file, text }: Source): ReadonlyArray<Import> =>
  statements.flatMap((statement) =>
    [...text.matchAll(statement)].map((match) => {
      const name = match[1]!
      const isRelative = name.startsWith(".")
      return {
        file,
        line: lineOf(text, match.index + match[0].length),
        name,
        from: isRelative ? join(dirname(file), name).replaceAll(sep, "/") : name,
        relative: isRelative,
      }
    })
  )

/** Every TypeScript file below the folders that hold code of ours, less what a program wrote. */
export const readSources = async (root: string): Promise<ReadonlyArray<Source>> => {
  const all: Array<Source> = []
  for (const folder of ["packages", "services", "apps", "tests", "bench", "scripts"]) {
    const names = await readdir(join(root, folder), { recursive: true }).catch(() => [])
    for (const name of names.filter((name) => /\.tsx?$/.test(name) && !/node_modules|\bgenerated\b/.test(name))) {
      const path = join(root, folder, name)
      all.push({ file: relative(root, path).replaceAll(sep, "/"), text: await readFile(path, "utf8") })
    }
  }
  return all
}
