// Whether files are as they were when something was made of them.
import { createHash } from "node:crypto"
import * as fs from "node:fs"

/** What changes whenever a file is written or replaced. */
const stampOf = (path) => {
  const { ctimeNs, ino, mtimeNs, size } = fs.statSync(path, { bigint: true })
  return [size, mtimeNs, ctimeNs, ino].join()
}

const digestOf = (path) => createHash("sha256").update(fs.readFileSync(path)).digest("base64")

/** What is kept of a file. */
export const factsOf = (path) => ({ stamp: stampOf(path), digest: digestOf(path) })

/** Whether a file is as it was: by its stamp, else by its content, since a copy of it is as good. */
export const isAsItWas = (path, { digest, stamp }) => {
  try {
    return stampOf(path) === stamp || digestOf(path) === digest
  } catch {
    return false
  }
}
