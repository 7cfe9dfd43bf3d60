/**
 * Marks a place in a query's list that holds no entity. Skip it in WGSL:
 * `if (!shownHas(i)) { return; }`.
 */
export const NO_ENTITY = 0xffff_ffff
