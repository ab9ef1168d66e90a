/** Which lines of the action logs are shown, as it stands in the URL. */
import { type Logger, loggers } from "../../api/Loggers.ts"
import { defined, oneOf, textOf, wholeOf } from "../../format/Search.ts"

/** The filter. */
export interface AuditSearch {
  readonly service?: Logger
  readonly operator?: string
  readonly action?: string
  /** Lines of so many days before now. */
  readonly days?: number
}

/** The filter of a URL. */
export const auditSearch = ({ action, days, operator, service }: Record<string, unknown>): AuditSearch =>
  defined({
    service: oneOf(loggers, service),
    operator: textOf(operator),
    action: textOf(action),
    days: wholeOf(days),
  })
