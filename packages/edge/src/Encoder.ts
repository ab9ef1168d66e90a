/**
 * Encodes by a contract's schema what was decoded from stored rows. `Schema.encode` checks each text and number once more on the way
 * out; what a row holds was checked when it was read, and a page of a list has hundreds of them.
 */
import { Instant } from "@stint/domain/Protocol"
import { DateTime, type Schema, SchemaAST } from "effect"

/** Makes of a value what JSON holds; undefined: the value is that already. */
// deno-lint-ignore no-explicit-any -- the values of any schema
type Encode = ((value: any) => unknown) | undefined

const instant = (at: DateTime.Utc): string => DateTime.formatIso(at)

const orNull = (encode: Encode): Encode => encode && ((value) => value === null || value === undefined ? value : encode(value))

/** The properties of a struct, and nothing else that the value has. */
const struct = ({ propertySignatures }: SchemaAST.Objects): Encode => {
  const fields = propertySignatures.map(({ name, type }) => [name as string, encoderFor(type)] as const)
  return (value) => {
    const encoded: Record<string, unknown> = {}
    for (const [name, encode] of fields) {
      const field = value[name]
      if (field !== undefined) encoded[name] = encode === undefined ? field : encode(field)
    }
    return encoded
  }
}

/** Whether values of a schema are what JSON holds, all the way down. */
const isPlain = (ast: SchemaAST.AST, above: ReadonlySet<SchemaAST.AST> = new Set()): boolean => {
  if (ast.encoding !== undefined) return false
  if (above.has(ast)) return true
  const below = new Set(above).add(ast)
  const all = (some: ReadonlyArray<SchemaAST.AST>) => some.every((one) => isPlain(one, below))
  switch (ast._tag) {
    case "String":
    case "Number":
    case "Boolean":
    case "Null":
    case "Literal":
      return true
    case "Objects":
      return all([...ast.propertySignatures.map(({ type }) => type), ...ast.indexSignatures.map(({ type }) => type)])
    case "Arrays":
      return all([...ast.elements, ...ast.rest])
    case "Union":
      return all(ast.types)
    case "Suspend":
      return isPlain(ast.thunk(), below)
    default:
      return false
  }
}

const encoderFor = (ast: SchemaAST.AST): Encode => {
  if (ast.encoding !== undefined && ast.encoding === Instant.ast.encoding) return instant
  if (ast.encoding === undefined) {
    if (SchemaAST.isObjects(ast) && ast.indexSignatures.length === 0) return struct(ast)
    if (isPlain(ast)) return undefined
    if (SchemaAST.isArrays(ast) && ast.elements.length === 0 && ast.rest.length === 1) {
      const encode = encoderFor(ast.rest[0]!)
      return encode && ((value: ReadonlyArray<unknown>) => value.map(encode))
    }
    if (SchemaAST.isUnion(ast)) {
      const others = ast.types.filter((one) => !SchemaAST.isNull(one))
      if (others.length === 1) return orNull(encoderFor(others[0]!))
    }
  }
  throw new Error(`no encoder for a ${ast._tag}: encode it by its schema`)
}

/**
 * Encodes values of a schema that is made of structs, lists, unions of plain JSON and instants. Throws when it is made, where it is
 * of anything else. Of a union of structs all properties are kept.
 */
export const encoderOf = <S extends Schema.Constraint>(schema: S): (value: S["Type"]) => unknown => {
  const encode = encoderFor(schema.ast)
  return encode ?? ((value) => value)
}
