/** Times that no test meets by chance, whenever it runs: nothing ends, begins or falls due at them within hours. */

/** A zone in which it is noon to one o'clock now, of UTC's date: no day, week or month ends there meanwhile. */
export const zoneAtNoon = (): string => {
  const ahead = 12 - new Date().getUTCHours()
  // the names of these zones count the other way round
  return ahead === 0 ? "Etc/UTC" : `Etc/GMT${ahead > 0 ? "-" : "+"}${Math.abs(ahead)}`
}

/** A schedule for a monthly goal that falls due two weeks from now at the earliest, and fell due as long ago. */
export const farSchedule = () => ({ day_of_month: (new Date().getUTCDate() + 13) % 28 + 1 })
