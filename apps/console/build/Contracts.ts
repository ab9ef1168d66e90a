/**
 * Leaves out of the console what only services need of packages/domain: endpoints, middlewares, problems. The page decodes
 * answers by the schemas beside them, and knows problems by their codes. Without it a fifth of the page would be contracts.
 */
import type { Plugin } from "vite"

/** What the classes extend that are left out. */
const left = new Set(["HttpApi", "HttpApiGroup", "HttpApiMiddleware", "problem", "serviceApi"])

interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [key: string]: unknown
}

const isNode = (value: unknown): value is Node => typeof value === "object" && value !== null && "type" in value

/** The name that a chain of calls begins with: HttpApiGroup of HttpApiGroup.make("x").add(y). */
const rootOf = (node: unknown): unknown => {
  if (!isNode(node)) return undefined
  if (node.type === "CallExpression") return rootOf(node.callee)
  if (node.type === "MemberExpression") return rootOf(node.object)
  return node.type === "Identifier" ? node.name : undefined
}

/** The class that a statement exports, when it is one that is left out. */
const leftOut = (statement: Node): string | undefined => {
  const { declaration } = statement
  if (statement.type !== "ExportNamedDeclaration" || !isNode(declaration)) return undefined
  if (declaration.type !== "ClassDeclaration" || !left.has(String(rootOf(declaration.superClass)))) return undefined
  return isNode(declaration.id) ? String(declaration.id.name) : undefined
}

/** The answers of endpoints with a status of their own: `const accepted = HttpApiSchema.WithHeaders(...)`, which nothing else reads. */
const answerOf = (statement: Node): string | undefined => {
  if (statement.type !== "VariableDeclaration") return undefined
  const [first, ...more] = statement.declarations as ReadonlyArray<Node>
  if (first === undefined || more.length > 0 || rootOf(first.init) !== "HttpApiSchema") return undefined
  return isNode(first.id) ? String(first.id.name) : undefined
}

/** The plugin. A class that is left out is undefined: whoever uses one sees it at the first call. */
export const contracts = (): Plugin => ({
  name: "stint:contracts",
  apply: "build",
  transform(code, id) {
    if (!/\/packages\/domain\/src\/.*\.ts$/.test(id)) return undefined
    const statements = this.parse(code).body as unknown as ReadonlyArray<Node>
    return statements.toReversed().reduce((text, statement) => {
      const [named, answer] = [leftOut(statement), answerOf(statement)]
      const put = named === undefined ? answer === undefined ? undefined : `const ${answer}` : `export const ${named}`
      return put === undefined
        ? text
        : `${text.slice(0, statement.start)}${put} = undefined;${text.slice(statement.end)}`
    }, code)
  },
})
