/** The Chromium of this machine: the one that STINT_CHROMIUM names, or the one of its packages. */
import { existsSync } from "node:fs"
import process from "node:process"

/** Its path; undefined where there is none: then the tests in a browser are skipped, and say so. */
export const chromiumPath: string | undefined = [
  process.env.STINT_CHROMIUM ?? "",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
].find((path) => path !== "" && existsSync(path))

/** The name of what is tested, with why it is skipped. */
export const named = (what: string): string =>
  chromiumPath === undefined ? `${what} (skipped: no Chromium here; apt-get install chromium)` : what
