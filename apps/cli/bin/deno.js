import { existsSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"

/**
 * The path of the Deno binary that the npm package `deno` ships for this platform. The binary itself, not the package's
 * wrapper script: a SIGTERM to the wrapper leaves Deno orphaned. Found without the package's postinstall having run.
 */
export const denoBinary = () => {
  const require = createRequire(import.meta.url)
  const name = process.platform === "win32" ? "deno.exe" : "deno"
  const libc = process.platform === "linux" ? "-glibc" : ""
  const home = dirname(require.resolve("deno/package.json"))
  const candidates = [
    () => join(dirname(require.resolve(`@deno/${process.platform}-${process.arch}${libc}/package.json`)), name),
    () => join(home, name),
  ]
  for (const candidate of candidates) {
    try {
      const path = candidate()
      if (existsSync(path)) return path
    } catch {
      // not this one: the next may be there
    }
  }
  throw new Error(`no Deno binary for ${process.platform}-${process.arch}: run npm ci again`)
}
