'use client'
import { createContext, type ReactNode, useContext } from 'react'

export interface Person {
  name: string
  email: string
  role: string
}

const Current = createContext<Person>({ name: '', email: '', role: 'staff' })

export function CurrentPerson({ person, children }: { person: Person; children: ReactNode }) {
  return <Current value={person}>{children}</Current>
}

/** Who is signed in. */
export const usePerson = () => useContext(Current)
