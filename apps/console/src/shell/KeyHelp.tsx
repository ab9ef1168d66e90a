/** The keys of this screen. */
import { type ReactNode, useState } from "react"
import { Dialog } from "../ui/Dialog.tsx"
import { currentActions } from "./Actions.ts"
import styles from "./shell.module.css"

/** Shows the keys of all actions of now. */
export const KeyHelp = ({ close }: { readonly close: () => void }): ReactNode => {
  const [actions] = useState(() => currentActions().filter(({ keys }) => keys !== undefined))
  return (
    <Dialog label="Keys" close={close}>
      <div className={styles.sheet}>
        <h2>Keys</h2>
        <dl className={styles.keys}>
          {actions.map(({ keys, label }) => (
            <div key={`${keys} ${label}`}>
              <dt>{label}</dt>
              <dd>{keys?.split(" ").map((key) => <kbd key={key} className="kbd">{key}</kbd>)}</dd>
            </div>
          ))}
          <div>
            <dt>Find anything</dt>
            <dd>
              <kbd className="kbd">Ctrl/Cmd</kbd>
              <kbd className="kbd">K</kbd>
            </dd>
          </div>
        </dl>
        <button type="button" className="link-button" onClick={close}>Close</button>
      </div>
    </Dialog>
  )
}
