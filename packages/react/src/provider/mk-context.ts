import type { MkSync } from '@memkit/ecs-plugin'
import { createContext, type Context } from 'react'

/** The sync that components below an `MkProvider` see. */
export const MkContext: Context<MkSync<object> | undefined> = /* @__PURE__ */ createContext<
  MkSync<object> | undefined
>(undefined)
