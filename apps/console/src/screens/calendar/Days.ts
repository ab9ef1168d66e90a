/** Days and months of the calendar, as texts YYYY-MM-DD and YYYY-MM. Weeks begin on Monday. */
import { addDays } from "../../format/Time.ts"

/** The month of a day. */
export const monthOf = (day: string): string => day.slice(0, 7)

/** The month so many months later. */
export const monthAfter = (month: string, months: number): string => {
  const [year = 0, of = 1] = month.split("-").map(Number)
  return new Date(Date.UTC(year, of - 1 + months, 1)).toISOString().slice(0, 7)
}

/** The days of the week that a day is in. */
export const daysOfWeek = (day: string): ReadonlyArray<string> => {
  const weekday = (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7
  return Array.from({ length: 7 }, (_, index) => addDays(day, index - weekday))
}

/** The days of the weeks that a month is in. */
export const daysOfMonth = (month: string): ReadonlyArray<string> => {
  const first = daysOfWeek(`${month}-01`)[0]!
  const end = `${monthAfter(month, 1)}-01`
  const days: Array<string> = []
  for (let day = first; day < end || days.length % 7 !== 0; day = addDays(day, 1)) days.push(day)
  return days
}
