/** The name of the edit of a draft by a person, in the storage of this tab. */
export const editName = (person: string, id: string): string => `stint-edit ${person} ${id}`
