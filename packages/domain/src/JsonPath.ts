/** Where in a document something is. */

const identifier = /^[A-Za-z_][A-Za-z0-9_]*$/

/** The path under `root` as a JSONPath: `$.config.platforms_enabled[2]`; odd keys in brackets, `$["a b"]`. */
export const jsonPath = (path: ReadonlyArray<PropertyKey>, root = "$"): string =>
  path.reduce<string>((at, key) => {
    if (typeof key === "number") return `${at}[${key}]`
    const name = String(key)
    return identifier.test(name) ? `${at}.${name}` : `${at}[${JSON.stringify(name)}]`
  }, root)
