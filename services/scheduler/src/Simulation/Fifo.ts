/** A queue of (goal, value) pairs in two typed rings that grow: millions of entries leave no garbage. */
export const makeFifo = () => {
  let goals = new Uint32Array(1_024)
  let values = new Float64Array(1_024)
  let head = 0
  let size = 0
  const grow = () => {
    const length = goals.length
    const largerGoals = new Uint32Array(length * 2)
    const largerValues = new Float64Array(length * 2)
    for (let nth = 0; nth < size; nth++) {
      largerGoals[nth] = goals[(head + nth) & (length - 1)]!
      largerValues[nth] = values[(head + nth) & (length - 1)]!
    }
    goals = largerGoals
    values = largerValues
    head = 0
  }
  return {
    size: (): number => size,
    push: (goal: number, value: number): void => {
      if (size === goals.length) grow()
      const at = (head + size) & (goals.length - 1)
      goals[at] = goal
      values[at] = value
      size++
    },
    /** The goal of the oldest pair; call it only while there is one. */
    goal: (): number => goals[head]!,
    /** The value of the oldest pair. */
    value: (): number => values[head]!,
    /** Removes the oldest pair. */
    drop: (): void => {
      head = (head + 1) & (goals.length - 1)
      size--
    },
  }
}
