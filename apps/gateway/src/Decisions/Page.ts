/** Pure: the page on which the link of a message decides. Plain HTML without a script: a draft's text is text, whatever it holds. */
import type { LinkView } from "@stint/domain/deliverables/DecisionLinks"
import { validationErrors } from "@stint/domain/Payload"
import { DateTime } from "effect"
import { contentOf, escaped } from "./Content.ts"

/** What may be on the page: its own styles, and a form to this origin. */
export const policyOf = (nonce: string): string =>
  `default-src 'none'; style-src 'nonce-${nonce}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`

/** The colours of the console's themes (apps/console/src/theme/tokens.css): this page is read without a sign-in, and has no other file. */
const style = `
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif;
  --bg: light-dark(#f7f7f5, #131416); --card: light-dark(#fff, #1b1d20); --line: light-dark(#e4e4e0, #2b2e33);
  --text: light-dark(#1c1d1f, #e8e9eb); --dim: light-dark(#63666c, #a0a4ab); --accent: light-dark(#3b5bdb, #8ea6ff);
  --on-accent: light-dark(#fff, #11131a); --bad: light-dark(#b42318, #f28b82); --bad-weak: light-dark(#fdecea, #381a18) }
body { max-width: 42rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere; background: var(--bg); color: var(--text) }
h1 { font-size: 1.3rem; line-height: 1.3 } h2 { font-size: .875rem; margin: 1rem 0 .25rem; color: var(--dim) }
a { color: var(--accent) } footer { margin-top: 1.5rem; color: var(--dim) }
pre, textarea { border: 1px solid var(--line); border-radius: .5rem; background: var(--card); color: inherit; font: inherit; padding: .75rem }
pre { white-space: pre-wrap; margin: 0 }
textarea { display: block; width: 100%; box-sizing: border-box; min-height: 4.5rem; margin-top: .25rem }
form { margin-top: 1.5rem } .decisions { display: flex; flex-wrap: wrap; gap: .5rem; margin-top: .75rem }
button { font: inherit; min-height: 2.75rem; padding: .5rem 1rem; border: 1px solid var(--line); border-radius: .5rem;
  background: var(--card); color: inherit; cursor: pointer }
button[value=approved] { background: var(--accent); border-color: var(--accent); color: var(--on-accent) }
button[value=rejected] { color: var(--bad) }
[role=alert] { border: 1px solid var(--bad); background: var(--bad-weak); padding: .75rem; border-radius: .5rem }`

/** A whole page. */
export const documentOf = (title: string, body: string, nonce: string): string =>
  `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escaped(title)} · Stint</title>
<style nonce="${nonce}">${style}</style>
</head>
<body><main>
${body}
</main></body>
</html>
`

const states: Readonly<Record<string, string>> = {
  approved: "It is approved.",
  rejected: "It is rejected.",
  in_revision: "It is being changed: you are told when the next revision is there.",
  expired: "It expired before anybody decided.",
}

const alertOf = (problem: string | undefined) => problem === undefined ? "" : `<p role="alert">${escaped(problem)}</p>`

/** The form: what it shows goes back with the decision, so that none is on anything else. */
const formOf = ({ content_sha256, payload, revision }: LinkView["deliverable"]) => {
  const fails = validationErrors(payload)
  return `<form method="post">
<input type="hidden" name="content_sha256" value="${escaped(content_sha256 ?? "")}">
${revision === undefined ? "" : `<input type="hidden" name="revision" value="${revision}">`}
<label for="notes">Notes; needed to ask for changes</label>
<textarea id="notes" name="notes" maxlength="4000"></textarea>
<div class="decisions">
${fails.length === 0 ? '<button name="decision" value="approved">Approve</button>' : ""}
<button name="decision" value="changes_requested">Ask for changes</button>
<button name="decision" value="rejected">Reject</button>
</div>
${fails.length === 0 ? "" : `<p>It fails ${escaped(fails.join(", "))}, so it can't be approved.</p>`}
</form>`
}

/** An instant as it is read: the page does not know the reader's zone. */
const momentOf = (at: DateTime.DateTime): string =>
  `${DateTime.formatUtc(at, { locale: "en-GB", dateStyle: "long", timeStyle: "short" })} UTC`

/** Where it goes once it is executed, which an approval covers. */
const targetWords = ({ target, url = "an address that can't be read" }: NonNullable<LinkView["target"]>): string =>
  target === "journal" ? "the local journal, nobody outside" : url

/** The page of a draft: what it is, and the decision while it waits for one. */
export const draftPage = (view: LinkView, problem: string | undefined, nonce: string): string => {
  const { deliverable, person, target } = view
  const waits = deliverable.review_status === "pending_review"
  const until = deliverable.expires_at == null
    ? ""
    : `<p>It can be decided on until ${escaped(momentOf(deliverable.expires_at))}.</p>`
  return documentOf(
    deliverable.title,
    `${alertOf(problem)}
<h1>${escaped(deliverable.title)}</h1>
<p>${waits ? "It waits for a decision" : escaped(states[deliverable.review_status] ?? deliverable.review_status)}${
      waits ? `, which you make as ${escaped(person)}.` : ""
    }</p>
${waits ? until : ""}
${contentOf(deliverable.payload)}
${target === undefined ? "" : `<h2>Goes to</h2>\n<pre>${escaped(targetWords(target))}</pre>`}
${waits ? formOf(deliverable) : ""}
<footer><a href="/inbox/${
      encodeURIComponent(deliverable.deliverable_id)
    }">Open it in the console</a> (after a sign-in)</footer>`,
    nonce,
  )
}

/** The page where there is nothing to decide by this link. */
export const refusalPage = (title: string, detail: string, nonce: string): string =>
  documentOf(
    title,
    `<h1>${escaped(title)}</h1>\n<p>${
      escaped(detail)
    }</p>\n<footer><a href="/inbox">Open the inbox</a> (after a sign-in)</footer>`,
    nonce,
  )
