/** Markdown of agents, rendered safely: HTML in it is shown as text, links open apart, images are links. */
import type { ReactNode } from "react"
import Renderer from "react-markdown"
import styles from "./markdown.module.css"

/** A document. */
export const Markdown = ({ text }: { readonly text: string }): ReactNode => (
  <div className={styles.markdown}>
    <Renderer
      components={{
        a: ({ children, href }) => <a href={href} target="_blank" rel="noreferrer nofollow">{children}</a>,
        // an image would tell its host that the draft was opened, and the page's policy refuses it
        img: ({ alt, src }) => (
          <a href={typeof src === "string" ? src : undefined} target="_blank" rel="noreferrer nofollow">
            image: {alt || String(src)}
          </a>
        ),
        h1: "h3",
        h2: "h4",
        h3: "h5",
      }}
    >
      {text}
    </Renderer>
  </div>
)
